#pragma once

#include <string>

#include "scan/directory.hpp"
#include "scan/file_stat.hpp"

namespace forebay {

/// Why an open directory is one of its own ancestors again; empty where it is not. Device and inode do not prove it:
/// some file systems give several directories one number, or all of them 0.
std::string why_loop(int fd, const Directory& directory, EntryStat& entry_stat);

}  // namespace forebay
