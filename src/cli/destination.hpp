#pragma once

#include <CLI/App.hpp>
#include <string>

#include "config/settings.hpp"
#include "sink/sink.hpp"

namespace forebay::cli {

/// The limits of Options as a Destination takes them; `note` is left empty.
DestinationOptions destination_options(const Options& options);

/// The option --to, which wins over the settings. An empty one is refused: `--to "$NOT_SET"` must not go elsewhere.
CLI::Option* add_destination_option(CLI::App& command, std::string& to, const std::string& help);

/// True for an SQLite catalog whose file is not there yet: looking into it would make it.
bool is_missing_catalog(const Destination& destination);

}  // namespace forebay::cli
