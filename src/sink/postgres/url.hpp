#pragma once

#include <string>

namespace forebay {

/// What a URL and libpq's variables say of where, as postgresql://USER@HOST:PORT/DATABASE, without secrets. `url`: as
/// libpq reads it. Throws Error(usage) for one that cannot be meant: what libpq cannot read, or would take for
/// something else, or find out only when it connects. The message never holds the URL's password.
std::string described_url(const std::string& url);

}  // namespace forebay
