#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sink/fixtures.hpp"
#include "support/comes_true.hpp"
#include "support/run_command.hpp"
#include "support/scan_tree.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {

/// A server that is away: nobody listens on that port.
inline constexpr const char* kNobody = "postgresql://127.0.0.1:1/nobody";

/// Where the forebay binary is run: a state directory and a working directory of its own, and one destination.
class ScanSite {
 public:
  /// Empty: no destination is named, so it is the catalog in the state directory.
  explicit ScanSite(std::string database_url = {}, std::map<std::string, std::string> settings = {})
      : settings_(std::move(settings)) {
    set("DATABASE_URL", std::move(database_url));
  }

  void set(const std::string& setting, std::string value);
  CommandLine line(std::vector<std::string> arguments) const;
  CommandResult run(std::vector<std::string> arguments) const { return run_command(line(std::move(arguments))); }

  std::string state() const { return (directory_ / "state").string(); }
  std::string catalog() const { return state() + "/catalog.db"; }
  const TemporaryDirectory& directory() const { return directory_; }
  /// What runs have left for `recover`: the folders under buffers/, and the bytes of journals in them.
  std::size_t buffers_left() const;
  std::uintmax_t journal_bytes() const;

 private:
  TemporaryDirectory directory_;
  std::map<std::string, std::string> settings_;
};

/// The one JSON object on stdout; fails the test, with what was said on stderr, when there is none.
nlohmann::json summary_of(const CommandResult& result);
/// Whether accepted = synced + superseded + pending + quarantined + lost.
bool adds_up(const nlohmann::json& counts);
/// The same of each of its `streams`, and whether these add up to its own counts, the sets' rows aside.
bool adds_up_by_stream(const nlohmann::json& summary);

/// An address at which the server of DATABASE_URL can be away: a Unix socket directory of its own, whose socket is a
/// link to the server's.
class FlakyAddress {
 public:
  explicit FlakyAddress(PostgresFixture& fixture);
  std::string url() const { return url_; }
  void appear() const;
  void vanish() const;

 private:
  TemporaryDirectory directory_;
  std::string socket_, target_, url_;
};

/// Path → size of every entry below and including `root`, as find says.
std::map<std::string, std::int64_t> found_under(const std::string& root);
/// Path → size of what a set holds, the paths turned back to bytes by the destination's own function or path_bytes().
std::map<std::string, std::int64_t> landed_in(PostgresFixture& fixture, std::int64_t set_id);
std::map<std::string, std::int64_t> landed_in_catalog(const std::string& file, std::int64_t set_id);

/// `files` empty files in directories of a thousand.
void fill(const Tree& tree, int files, const std::string& below = "many");

}  // namespace forebay::test
