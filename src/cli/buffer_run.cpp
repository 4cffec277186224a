#include "cli/buffer_run.hpp"

#include "cli/logging.hpp"
#include "cli/run_summary.hpp"

namespace forebay::cli {
namespace {

std::int64_t steady_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

BufferRun::BufferRun(Buffer& buffer, const Options& options, bool to_given)
    : buffer_(buffer),
      drain_timeout_(options.drain_timeout),
      journaled_(options.send && options.buffered && options.durability != Durability::memory),
      interrupt_([this] { on_first_signal(); },
                 [this, to_given] { report_failure(left_at_once(buffer_.get_sync_status(), journaled_, to_given)); }) {}

void BufferRun::on_first_signal() {
  interrupted_at_us_ = steady_us();
  log_line(LogLevel::warning,
           "interrupted: sending what is buffered for up to " + std::to_string(drain_timeout_.count()) +
               " s (SYNC_DRAIN_TIMEOUT); once more leaves at once" +
               (journaled_ ? ", and loses nothing acknowledged" : ", and loses what only memory holds"));
  // At once, beside the producers: those that wait for room would hold their end up while the destination is away.
  stopping_ = std::async(std::launch::async, [this] { return stop(); });
}

SyncResult BufferRun::stop() {
  return buffer_.stop(drain_timeout_, [this] {
    const std::int64_t at = interrupted_at_us_.load();
    return at != 0 && steady_us() - at > std::chrono::microseconds(drain_timeout_).count();
  });
}

ProgressPicture progress_picture(const SyncStatus& status, const Counts& counts) {
  ProgressPicture p;
  p.pending = counts.pending;
  p.synced = counts.synced + counts.superseded;
  p.lag_s = status.oldest_pending_s;
  const bool bad =
      status.destination_state == DestinationState::down || status.destination_state == DestinationState::misconfigured;
  if (bad) p.trouble = "destination is " + std::string(to_string(status.destination_state));
  return p;
}

}  // namespace forebay::cli
