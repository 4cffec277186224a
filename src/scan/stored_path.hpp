#pragma once

#include <string>
#include <string_view>

namespace forebay {

/// stored_path() and stored_name() without a copy in the usual case: false, and nothing appended, when the bytes are
/// stored as they are.
bool append_stored_path(std::string& to, std::string_view path);
bool append_stored_name(std::string& to, std::string_view name);

}  // namespace forebay
