#pragma once

#include <memory>
#include <string_view>

#include "base/destination_url.hpp"
#include "sink/sink.hpp"

namespace forebay {

/// The destination of that URL, without connecting. Throws Error(usage) for one that cannot be.
std::unique_ptr<Destination> make_destination(const DestinationUrl& url, const DestinationOptions& options);
/// The same for a text that destination_url() takes.
std::unique_ptr<Destination> make_destination(std::string_view url, const DestinationOptions& options);

}  // namespace forebay
