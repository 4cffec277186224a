#pragma once

#include <string>

namespace forebay {

/// The SQLite library that is linked, as "3.40.1".
std::string sqlite_version();

}  // namespace forebay
