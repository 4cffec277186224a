#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/io.hpp"
#include "buffer/journal_set.hpp"
#include "buffer/limits.hpp"
#include "buffer/memory_budget.hpp"
#include "buffer/segment_queue.hpp"
#include "buffer/writer_core.hpp"
#include "forebay/options.hpp"
#include "quarantine/quarantine.hpp"

namespace forebay {

struct StoreOptions {
  std::string buffer_id;
  std::filesystem::path folder;  // of this buffer; empty: no journals at all (dry run, no buffer)
  Durability durability = Durability::process;
  Limits limits;
  /// For refused rows of own segments; null: a refused row holds its batch up.
  std::shared_ptr<Quarantine> quarantine;
  /// Producers wait until their batches have landed (USE_MEMORY_DB=False).
  bool unbuffered = false;
  /// Nothing is going to be sent: when memory is full, sealed rows are counted and dropped.
  bool discard = false;
  /// See BudgetOptions.
  std::chrono::seconds landing_timeout{60};
  CreateFile create_file = create_posix_file;
  FlushFolder flush_folder = flush_posix_folder;
  std::function<void()> wake_timer;  // some writer needs a tick soon; called from producers and the keeper; cheap
  LogCallback log;
};

/// One buffer between add() and the workers: its writers, and the three parts that these work with, which are handed on
/// from here. Thread-safe. Lock order: a writer's mutex, then those of the parts; the budget's, then the store's, then
/// the queue's. The keeper's is a leaf, too.
class SegmentStore {
 public:
  explicit SegmentStore(StoreOptions options);
  SegmentStore(const SegmentStore&) = delete;
  SegmentStore& operator=(const SegmentStore&) = delete;

  SegmentQueue& queue() { return queue_; }
  JournalSet& journals() { return journals_; }
  MemoryBudget& budget() { return budget_; }

  // --- Writers
  std::shared_ptr<WriterCore> make_writer(const Stream& stream);
  /// Seals what it has; its counts stay.
  void retire_writer(const std::shared_ptr<WriterCore>& writer);
  std::vector<std::shared_ptr<WriterCore>> writers() const;
  void seal_all(Reason reason);
  /// Refuses every record from now on and wakes producers that wait.
  void stop_producers(Reason reason);

  // --- Accounts
  Accounts accounts() const;
  std::uint64_t pending_rows() const;
  /// Taken by add() and adopted, in all: it grows with every row.
  std::uint64_t accepted_rows() const;

 private:
  BufferUsage active_usage() const;

  const std::function<void()> wake_timer_;

  // Each uses those before it.
  SegmentQueue queue_;
  JournalSet journals_;
  MemoryBudget budget_;

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::vector<std::shared_ptr<WriterCore>> writers_;
  std::map<std::string, std::uint64_t> retired_rows_;  // that retired writers had accepted, by stream
};

}  // namespace forebay
