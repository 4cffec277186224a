#pragma once

#include <memory>
#include <string>

#include "sink/sink.hpp"

namespace forebay {

/// For the file of a URL sqlite:FILE, as catalog_file() gives it. Throws Error(usage) where something stands there that
/// no rows can stay in.
std::unique_ptr<Destination> make_sqlite_destination(const std::string& file, const DestinationOptions& options);

}  // namespace forebay
