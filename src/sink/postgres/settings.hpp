#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "sink/sink.hpp"

namespace forebay {

/// For a connection's first transaction: what the role, the database or the URL's options set counts, and not what
/// another client left behind in a session that a pooler handed on; and no timeout of theirs ends it.
std::string own_settings();

/// An SQL expression, under own_settings(): the search path for all else, '' when no schema of it may be used. The
/// schema that holds forebay's tables comes first: one of the role's own name that is made later, with tables of the
/// same names, does not take their rows. pg_temp comes last, where a pooled session's leftovers cannot hide them.
std::string_view search_path_expression();

/// What each later transaction is to run under, as SET LOCAL statements, each with a "; " before it. `search_path` and
/// `synchronous_commit` are what was found under own_settings().
std::string pinned_settings(std::string_view search_path, std::string_view synchronous_commit);

struct ClockDifference {
  std::int64_t ahead_us = 0;  ///< of the server's clock; below 0: behind; 0: near enough
  bool newest_stamp = false;  ///< the clock is near enough, but records are stamped ahead of it
};

/// Compares the server's clock, read between two looks at ours, with the clock that stamps records. A pure decision.
ClockDifference compare_clocks(const StampClock& before, std::int64_t server_us, const StampClock& after,
                               std::chrono::seconds tolerance);

}  // namespace forebay
