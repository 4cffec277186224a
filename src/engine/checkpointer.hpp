#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "buffer/segment_store.hpp"
#include "checkpoint/info.hpp"
#include "checkpoint/retention.hpp"
#include "checkpoint/writer.hpp"
#include "forebay/options.hpp"
#include "forebay/status.hpp"

namespace forebay {

struct CheckpointerOptions {
  std::filesystem::path directory;
  CheckpointOrigin origin;
  std::filesystem::path folder;      // of the buffer, whose quarantine goes in, too; empty: it has none
  std::chrono::seconds interval{0};  // 0: on demand only
  /// The periodic ones leave out what lies in journals: where those are lost, so is this file (level `memory`).
  bool only_in_memory = false;
  std::chrono::hours retention{24};
  std::filesystem::path hook;
  /// Whether all rows of a buffer are known to be at their destination.
  std::function<bool(const CheckpointOrigin& origin)> is_finished;
  LogCallback log;
};

/// Copies what is buffered to checkpoint files: by a thread of its own at each interval, and when asked. Sees to what
/// goes with a finished file: old ones are removed, the hook is run. Thread-safe; stop() is called once.
class Checkpointer {
 public:
  /// The store must outlive it.
  Checkpointer(SegmentStore& store, CheckpointerOptions options);
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;
  ~Checkpointer();

  void start();
  /// Waits for the file and the hook that are under way.
  void stop();

  /// Every row that is not at the destination. Throws Error(local); nothing is left of the file then.
  CheckpointResult create();
  /// What the interval brings: nothing when no row was taken since the last one, or none is left that such a checkpoint
  /// would hold. Failures are logged.
  void create_if_changed();

  struct Last {
    std::int64_t created_us = 0;  // since 1970
    std::uint64_t rows = 0;
  };
  std::optional<Last> last_checkpoint() const;

 private:
  void run();
  CheckpointResult write(CheckpointScope scope);
  bool nothing_only_in_memory() const;
  void after(const CheckpointFile& finished);
  void run_hook(const std::filesystem::path& checkpoint);

  void log(LogLevel level, const std::string& line) const {
    if (options_.log) options_.log(level, line);
  }

  SegmentStore& store_;
  const CheckpointerOptions options_;

  std::mutex writing_;  // one file at a time
  // Guarded by writing_:
  std::uint64_t accepted_before_ = 0;  // by the store when the last checkpoint was begun
  CheckpointRetention retention_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_:
  std::optional<Last> last_;
  std::deque<std::filesystem::path> for_hook_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace forebay
