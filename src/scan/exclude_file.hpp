#pragma once

#include <string>
#include <vector>

namespace forebay {

/// The patterns of an exclude file, one a line; empty lines and those that begin with '#' are none. Read whole or not
/// at all: throws Error(usage), which names the file, for what cannot be read or is no text of one pattern a line.
std::vector<std::string> read_exclude_file(const std::string& file);

}  // namespace forebay
