#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "adoption/adopt_orphans.hpp"
#include "base/stream_registry.hpp"
#include "base/version_clock.hpp"
#include "buffer/segment_store.hpp"
#include "engine/checkpointer.hpp"
#include "engine/control_service.hpp"
#include "engine/error_note.hpp"
#include "forebay/buffer.hpp"
#include "forebay/recover.hpp"
#include "sink/sink.hpp"
#include "state/state_directory.hpp"
#include "state/version_reserve.hpp"
#include "sync/scheduler.hpp"

namespace forebay {

/// What a Buffer is made of: puts state directory, clock, store, destination and scheduler together, and takes them
/// apart in the order that loses nothing.
class BufferCore {
 public:
  /// With `recovery` it only adopts: it makes no folder of its own, as no Writer will be. Its `options` are not looked
  /// at.
  explicit BufferCore(Options options, const RecoverOptions* recovery = nullptr);
  BufferCore(const BufferCore&) = delete;
  BufferCore& operator=(const BufferCore&) = delete;
  ~BufferCore();

  VersionClock& clock() { return *clock_; }
  SegmentStore& store() { return *store_; }
  bool in_forked_child() const { return store_->budget().in_forked_child(); }
  void log(LogLevel level, const std::string& line) const { log_(level, line); }
  const Stream& stream(std::string_view name) const;
  void declare_stream(const Stream& declaration);
  std::shared_ptr<WriterCore> make_writer(std::string_view stream);

  SyncResult force_sync(std::chrono::milliseconds timeout);
  RetryResult retry_errors(const std::string& stream, std::chrono::milliseconds timeout);
  std::uint64_t drop_errors(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& rows);
  CheckpointResult create_checkpoint();
  SyncResult stop(std::optional<std::chrono::milliseconds> stall_max, const std::function<bool()>& give_up);
  SyncStatus status() const;

 private:
  void open_state(bool own_folder);
  void open_destination();
  void adopt_orphans(const RecoverOptions* recovery);
  void note_clock(std::int64_t ahead_us);
  LastError last_error() const;
  void note_errors_of_adopted();
  void note_own_error(const SyncResult& result);
  bool landed(const AdoptedBuffer& adopted) const;
  void finish_adopted();
  void start_checkpoints();
  std::chrono::seconds checkpoint_interval() const;
  std::optional<std::string> why_no_checkpoints_there(const std::filesystem::path& directory) const;
  void leave_state(SyncResult& result);
  bool quarantine_stays(const SyncResult& result);
  void note_orderly_end(const JournalSet::Spill& spill);
  void open_control();
  void record_own_totals(const std::map<std::string, std::uint64_t>& unsaved);

  // Constant after construction.
  Options options_;
  LogCallback log_;
  SteadyTime started_at_;
  StreamRegistry streams_;
  std::optional<StateDirectory> state_;
  std::optional<BufferFolder> folder_;
  std::shared_ptr<Quarantine> quarantine_;  // null without a folder
  std::unique_ptr<ErrorNote> error_note_;   // likewise
  std::unique_ptr<VersionClock> clock_;
  std::unique_ptr<Destination> destination_;
  std::unique_ptr<SegmentStore> store_;
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<Checkpointer> checkpointer_;  // null without a state directory
  std::unique_ptr<ControlService> control_;     // waited for in stop(): its commands must not wait for stopping_

  std::mutex noting_clock_;
  std::int64_t noted_ahead_us_ = 0;  // guarded by noting_clock_

  std::mutex stopping_;
  // Guarded by stopping_:
  AdoptedOrphans adopted_;  // its counts are constant after construction
  std::optional<SyncResult> stopped_;
};

}  // namespace forebay
