#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forebay/options.hpp"
#include "support/run_command.hpp"
#include "support/sqlite_number.hpp"
#include "support/streams.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {

/// Options of a Buffer whose state and SQLite catalog lie in `dir`, with measurements() besides the built-in streams.
/// Nothing is sent by its age.
inline Options catalog_options(const TemporaryDirectory& dir) {
  Options o;
  o.destination = "sqlite:" + (dir / "catalog.db").string();
  o.state_directory = dir / "state";
  o.streams = {measurements()};
  o.interval = std::chrono::hours(1);
  o.log = [](LogLevel, std::string_view) {};
  return o;
}

/// The number that a query on that catalog gives.
inline std::int64_t catalog_number(const TemporaryDirectory& dir, const std::string& sql) {
  return sqlite_number(dir / "catalog.db", sql);
}

/// The forebay binary at that state directory.
inline CommandResult run_forebay_at(const TemporaryDirectory& dir, std::vector<std::string> arguments) {
  return run_forebay(std::move(arguments), {{"FOREBAY_STATE_DIR", (dir / "state").string()}}, dir.path());
}

}  // namespace forebay::test
