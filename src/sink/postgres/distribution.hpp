#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "forebay/stream.hpp"
#include "sink/postgres/misfit.hpp"
#include "sink/postgres/session.hpp"

namespace forebay {

/// How Citus keeps a table.
struct Distribution {
  bool distributed = false;  // in any of its ways: what a worker refuses comes without a code from COPY
  std::vector<Misfit> misfits;
  /// Names of what the table asks of its rows: a worker's error names one in its text alone.
  std::vector<std::string> constraints;
};

/// Nothing on a server without Citus, which is not asked.
Distribution distribution_of(PostgresSession& session, const Stream& stream, const std::string& quoted);

/// Which of the constraints a worker's message names, as it is or with a shard's number behind it; empty if none.
std::string named_constraint(std::string_view message, const std::vector<std::string>& constraints);

/// Whether COPY into a distributed table may have failed for something that an INSERT would say better: it reports what
/// a worker refuses, and the loss of one, by codes that say neither (Citus 13.2).
bool is_vague(std::string_view sqlstate) noexcept;

}  // namespace forebay
