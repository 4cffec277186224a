#pragma once

#include <memory>
#include <string>

#include "sink/sink.hpp"

namespace forebay {

/// Parses a destination URL without connecting: postgresql://… | postgres://… | opengauss://… | sqlite:FILE. Throws
/// Error(usage) for one that cannot be. "" means libpq's PG* variables. What a server is, is found out when connecting;
/// opengauss:// says it.
std::unique_ptr<Destination> make_destination(const std::string& url, const DestinationOptions& options);

}  // namespace forebay
