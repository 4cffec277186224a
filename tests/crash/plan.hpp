#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "crash/produce.hpp"
#include "crash/shared_log.hpp"

namespace forebay::crash {

/// When a process is killed: the moment that comes first of what is set.
struct KillMoment {
  std::uint64_t acknowledged_rows = 0;  // 0: not by rows
  Phase phase = Phase::idle;            // idle: not by phase
  std::uint64_t phase_passes = 0;       // crash points of that phase, by all threads
  std::uint64_t checkpoints = 0;        // and not before so many are finished
  std::uint64_t later_us = 0;           // then so much later
  /// How long it may still come once all rows are added.
  std::chrono::milliseconds patience{300};
  std::string describe() const;
};

/// One process that is killed: at `moment` from outside, or by itself where its options say so.
struct Step {
  bool recovering = false;  // by recover(); else a producer
  bool beside = false;      // starts while the step before it lives
  ProduceOptions options;
  KillMoment moment;
};

/// Some processes that are killed, and one that is not.
struct RoundPlan {
  std::uint64_t seed = 0;
  std::string level;
  std::vector<Step> steps;
  bool ends_with_producer = false;  // who adopts at the end: a new producer, or a recovery alone
  std::string describe() const;
};

/// The same for the same seed, level and number of points.
RoundPlan make_plan(std::uint64_t seed, const std::string& level);

}  // namespace forebay::crash
