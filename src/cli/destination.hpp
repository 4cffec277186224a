#pragma once

#include <string>

#include "cli/command_syntax.hpp"
#include "config/settings.hpp"
#include "sink/sink.hpp"

namespace forebay::cli {

/// The limits of Options as a Destination takes them; `note` is left empty.
DestinationOptions destination_options(const Options& options);

/// The option --to, which wins over the settings. An empty one is refused: `--to "$NOT_SET"` must not go elsewhere.
void add_destination_option(
    CommandSyntax& command, std::string& to,
    const std::string& help =
        "Destination: postgresql://USER@HOST/DB, opengauss://… or sqlite:FILE (wins over the settings)");

/// Says where rows go, and why. Where nobody named the SQLite catalog and no terminal shows the line, as under cron, it
/// is a warning: the URL may have been forgotten.
void announce_destination(const ChosenDestination& chosen);

/// True for an SQLite catalog whose file is not there yet: looking into it would make it.
bool is_missing_catalog(const Destination& destination);

}  // namespace forebay::cli
