#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "scan/scanner.hpp"

namespace forebay::cli {

/// What a scan tells, as log lines. Paths that can't be read are counted by kind; the first ones are named each, the
/// others by their number.
class ScanNews final : public ScanObserver {
 public:
  void unreadable(const Unreadable& what) override;
  void time_left_out(const std::string& path) override;
  void statx_refused(const std::string& why) override;
  void unanswered(const Unanswered& what) override;
  void answered() override;
  void left_behind(const Unanswered& what) override;

  /// For the progress line: "no answer from PATH", else empty.
  std::string trouble() const;
  std::uint64_t vanished() const { return vanished_; }
  std::uint64_t denied() const { return denied_; }

 private:
  std::atomic<int> told_{0};
  std::atomic<std::uint64_t> vanished_{0};
  std::atomic<std::uint64_t> denied_{0};
  mutable std::mutex mutex_;
  std::string waited_for_;  // guarded by mutex_
};

}  // namespace forebay::cli
