#include "sqlite/version.hpp"

#include <sqlite3.h>

namespace forebay {

std::string sqlite_version() { return sqlite3_libversion(); }

}  // namespace forebay
