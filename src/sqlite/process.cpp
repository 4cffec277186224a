#include "sqlite/process.hpp"

#include <sqlite3.h>

namespace forebay {

void sqlite_memory_statistics_off() { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

std::string sqlite_version() { return sqlite3_libversion(); }

}  // namespace forebay
