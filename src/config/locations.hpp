#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/destination_url.hpp"
#include "config/environment.hpp"

namespace forebay {

/// Where the state goes when FOREBAY_STATE_DIR is not set: /var/lib/forebay for root, else
/// ${XDG_STATE_HOME:-~/.local/state}/forebay. Throws Error(usage) when there is no home to put it in.
std::filesystem::path default_state_directory();
std::filesystem::path default_state_directory(const Environment& environment, bool root);

/// A destination that is settled, and for people the reason why it is this one.
struct ChosenDestination {
  DestinationUrl url;
  std::string why;                   // "DATABASE_URL", "PGHOST is set", "neither DATABASE_URL nor PGHOST … is set"
  bool embedded_by_default = false;  // nobody asked for the SQLite catalog
};

/// The variable of libpq that names a server, where one does.
std::optional<std::string_view> server_variable(const Environment& environment);

/// Says that nobody named a destination, and what then holds the rows. `other_way`: what names one besides
/// DATABASE_URL. `seen`: there is a terminal; else the line is a warning, and says how to do without it.
std::string embedded_default_line(const ChosenDestination& chosen, std::string_view other_way, bool seen);

/// DATABASE_URL; else libpq's variables if PGHOST, PGSERVICE or PGHOSTADDR is set; else catalog.db in the state
/// directory. Throws Error(usage) for a URL that is none; where it is shown, its password is not.
ChosenDestination choose_destination(const std::string& database_url, const std::filesystem::path& state_directory,
                                     const Environment& environment);
ChosenDestination choose_destination(const std::string& database_url, const std::filesystem::path& state_directory);

}  // namespace forebay
