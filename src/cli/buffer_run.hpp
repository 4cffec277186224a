#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>

#include "cli/interrupt.hpp"
#include "cli/progress.hpp"
#include "forebay/buffer.hpp"

namespace forebay::cli {

/// The end of a command that fills a Buffer: the drain, and what SIGINT and SIGTERM make of it. The first signal stops
/// the producers and gives what is buffered SYNC_DRAIN_TIMEOUT in all; the second ends the process, with a line that
/// says what is left. Made before producers start; the Buffer must outlive it.
class BufferRun {
 public:
  /// `to_given`: see remaining_line().
  BufferRun(Buffer& buffer, const Options& options, bool to_given);
  BufferRun(const BufferRun&) = delete;
  BufferRun& operator=(const BufferRun&) = delete;

  /// Set by the first signal. add() then throws Error(stopped).
  const std::atomic<bool>& interrupted() const { return interrupt_.requested(); }

  /// Drains, until nothing has landed for SYNC_DRAIN_TIMEOUT; the same result when a signal has done so already.
  SyncResult stop();

 private:
  void on_first_signal();

  Buffer& buffer_;
  const std::chrono::seconds drain_timeout_;
  const bool journaled_;
  std::atomic<std::int64_t> interrupted_at_us_{0};
  std::future<SyncResult> stopping_;
  Interrupt interrupt_;  // destroyed first: its thread uses the others
};

/// What a progress line tells of `counts`, taken from the same status; what is scanned is left open.
ProgressPicture progress_picture(const SyncStatus& status, const Counts& counts);

}  // namespace forebay::cli
