#pragma once

#include "config/settings.hpp"
#include "sink/sink.hpp"

namespace forebay::cli {

/// The limits of Options as a Destination takes them; `note` is left empty.
DestinationOptions destination_options(const Options& options);

/// True for an SQLite catalog whose file is not there yet: looking into it would make it.
bool is_missing_catalog(const Destination& destination);

}  // namespace forebay::cli
