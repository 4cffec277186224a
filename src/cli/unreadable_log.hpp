#pragma once

#include <atomic>
#include <cstdint>

#include "base/escape.hpp"
#include "cli/logging.hpp"
#include "scan/scanner.hpp"

namespace forebay::cli {

/// Counts paths that can't be read, and warns of them: of the first ones each, of the others by their number.
class UnreadableLog {
 public:
  void operator()(const Unreadable& u) {
    if (u.kind == Unreadable::Kind::vanished) ++vanished_;
    if (u.kind == Unreadable::Kind::denied) ++denied_;
    constexpr int kEach = 20;
    const int n = ++told_;
    if (n <= kEach) log_line(LogLevel::warning, "cannot read " + printable(u.path) + ": " + u.reason);
    if (n == kEach) log_line(LogLevel::warning, "more paths that cannot be read are counted, not listed");
  }

  std::uint64_t vanished() const { return vanished_; }
  std::uint64_t denied() const { return denied_; }

 private:
  std::atomic<int> told_{0};
  std::atomic<std::uint64_t> vanished_{0};
  std::atomic<std::uint64_t> denied_{0};
};

}  // namespace forebay::cli
