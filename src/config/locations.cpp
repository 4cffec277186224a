#include "config/locations.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "base/text.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace {

/// Each names a server to libpq.
constexpr std::array<std::string_view, 3> kServerVariables = {"PGHOST", "PGSERVICE", "PGHOSTADDR"};

std::filesystem::path home_of_this_user() {
  std::vector<char> room(std::size_t{16} * 1024);
  passwd entry = {};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, room.data(), room.size(), &found) == 0 && found != nullptr &&
      found->pw_dir != nullptr) {
    return found->pw_dir;
  }
  return {};
}

}  // namespace

std::filesystem::path default_state_directory() {
  return default_state_directory(process_environment(), ::geteuid() == 0);
}

std::filesystem::path default_state_directory(const Environment& environment, bool root) {
  if (root) return "/var/lib/forebay";

  // The XDG specification: a relative path there is invalid and to be ignored.
  const std::filesystem::path xdg(variable(environment, "XDG_STATE_HOME"));
  if (xdg.is_absolute()) return xdg / "forebay";

  std::filesystem::path home(variable(environment, "HOME"));
  if (!home.is_absolute()) home = home_of_this_user();
  if (!home.is_absolute()) {
    throw Error(ErrorCode::usage,
                "no state directory: neither XDG_STATE_HOME nor HOME is set, and this user has no home; set "
                "FOREBAY_STATE_DIR");
  }
  return home / ".local/state/forebay";
}

std::optional<std::string_view> server_variable(const Environment& environment) {
  for (const std::string_view name : kServerVariables) {
    if (!variable(environment, name).empty()) return name;
  }
  return std::nullopt;
}

std::string embedded_default_line(const ChosenDestination& chosen, std::string_view other_way, bool seen) {
  return "no server is named (" + chosen.why + "): rows go to the SQLite catalog " + chosen.url.catalog_file() +
         "; set DATABASE_URL or " + std::string(other_way) + " for another destination" +
         (seen ? "" : ", or name this one by DATABASE_URL=" + chosen.url.text());
}

ChosenDestination choose_destination(const std::string& database_url, const std::filesystem::path& state_directory,
                                     const Environment& environment) {
  if (!database_url.empty()) return {destination_url(database_url), "DATABASE_URL", false};
  if (const auto name = server_variable(environment))
    return {destination_url(""), std::string(*name) + " is set", false};

  std::vector<std::string> names = {"DATABASE_URL"};
  names.insert(names.end(), kServerVariables.begin(), kServerVariables.end());
  return {DestinationUrl::of_catalog(state_directory / "catalog.db"), "none of " + joined(names, ", ") + " is set",
          true};
}

ChosenDestination choose_destination(const std::string& database_url, const std::filesystem::path& state_directory) {
  return choose_destination(database_url, state_directory, process_environment());
}

}  // namespace forebay
