#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forebay {

/// The statements of a text, one by one, without the comments that stand before them.
std::vector<std::string> statements_of(std::string_view sql);

/// "CREATE TABLE backup_files" of a statement: its beginning, up to a bracket or so many words.
std::string head_of(std::string_view statement);

}  // namespace forebay
