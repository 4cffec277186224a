#pragma once

#include <string>

namespace forebay {

/// The name of a SQLite VFS that reads one file through a descriptor that is open already, and can do nothing else: no
/// other file exists in it, nothing can be made, written or removed. Registered beside the default one at first use.
const char* descriptor_vfs();

/// How that VFS is told the descriptor; for SQLITE_OPEN_READONLY | SQLITE_OPEN_URI. It is duplicated.
std::string descriptor_uri(int descriptor);

}  // namespace forebay
