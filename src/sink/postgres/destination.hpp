#pragma once

#include <memory>
#include <string>

#include "sink/sink.hpp"

namespace forebay {

/// For a URL that starts with postgresql://, postgres:// or opengauss://, or "" for libpq's PG* variables. Throws
/// Error(usage) for one that libpq cannot read; what it says never holds the URL's password.
std::unique_ptr<Destination> make_postgres_destination(const std::string& url, const DestinationOptions& options);

}  // namespace forebay
