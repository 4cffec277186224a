#pragma once

#include <memory>

#include "base/destination_url.hpp"
#include "sink/sink.hpp"

namespace forebay {

/// For the URL of a server. Throws Error(usage) for one that libpq cannot read; the message never holds the URL's
/// password.
std::unique_ptr<Destination> make_postgres_destination(const DestinationUrl& url, const DestinationOptions& options);

}  // namespace forebay
