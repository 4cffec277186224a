#pragma once

#include <string>
#include <string_view>

namespace forebay {

/// The URL with every password in it (user:PASSWORD@, ?password=, ?sslpassword= …) replaced by "****". Text that is no
/// URL is not shown at all: libpq's "host=… password=…" is a usual mistake.
std::string without_secrets(std::string_view url);

/// True when without_secrets() would change it.
bool holds_secret(std::string_view url);

/// Whether text that should be something else, a path or a number, looks as if it held a URL or a password. It is not
/// shown then.
bool may_hold_secret(std::string_view text);

}  // namespace forebay
