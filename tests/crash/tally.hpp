#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "crash/round.hpp"

namespace forebay::crash {

/// Kills by phase, over many rounds.
class Tally {
 public:
  void add(const RoundResult& result);

  std::uint64_t kills() const { return total().kills; }
  std::uint64_t counted() const { return total().counted; }
  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t lost() const { return lost_; }
  std::uint64_t failed_rounds() const { return failed_rounds_; }

  std::string table(const std::string& level, const std::string& destination) const;
  std::string json(const std::string& level, const std::string& destination, std::uint64_t seed) const;

 private:
  struct Line {
    std::uint64_t kills = 0;
    std::uint64_t counted = 0;  // hit acknowledged rows that were not at the destination
    std::uint64_t at_risk = 0;  // those rows, summed
  };
  Line total() const;

  std::map<std::pair<bool, Phase>, Line> lines_;  // in recovery, phase
  std::uint64_t rounds_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t lost_in_window_ = 0;
  std::uint64_t failed_rounds_ = 0;
};

}  // namespace forebay::crash
