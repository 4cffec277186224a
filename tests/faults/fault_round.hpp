#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crash/judge.hpp"
#include "crash/produce.hpp"
#include "support/private_postgres.hpp"

namespace forebay::test {

/// A trouble, and when it comes and goes, counted from the first acknowledged row.
struct PlannedTrouble {
  std::size_t which = 0;  // in make_troubles()
  std::chrono::milliseconds begin{0};
  std::chrono::milliseconds end{0};
  std::uint64_t draw = 0;
};

/// One producer, two or three troubles that overlap, and perhaps a kill in their midst.
struct FaultPlan {
  std::uint64_t seed = 0;
  crash::ProduceOptions producer;
  std::vector<PlannedTrouble> troubles;
  std::optional<std::chrono::milliseconds> kill_at;
};

/// The same for the same seed and number of troubles.
FaultPlan make_fault_plan(std::uint64_t seed, std::size_t troubles);

struct FaultRoundResult {
  std::vector<std::string> troubles;  // that came
  bool killed = false;
  bool complained = false;                  // a process had something to say about its destination
  std::uint64_t acknowledged_in_fault = 0;  // rows, from the first trouble's begin to the last one's end
  crash::Verdict verdict;
  std::string story;  // for a round that failed
};

struct FaultRoundOptions {
  std::uint64_t seed = 0;
  std::string only = {};           // this trouble alone, all the time, and no kill; empty: as the seed says
  bool send_refused_again = true;  // false: to show that the oracle sees what is left in quarantine
};

/// Runs it with a proxy, tables and a state directory of its own: the troubles come and go; the producer ends, or is
/// killed; a recovery adopts what is left, another one sends what was refused again; the oracle judges.
FaultRoundResult run_fault_round(PrivatePostgres& server, const FaultRoundOptions& options);

}  // namespace forebay::test
