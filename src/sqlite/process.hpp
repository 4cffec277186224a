#pragma once

#include <string>

namespace forebay {

/// Switches SQLite's memory statistics off, for the whole process and before its first use: their one lock costs two
/// threads almost all they would gain. For the command only; a library must leave that to its host. It also switches
/// SQLite's heap limit off.
void sqlite_memory_statistics_off();

/// The SQLite library that is linked, as "3.40.1".
std::string sqlite_version();

}  // namespace forebay
