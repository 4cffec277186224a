#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/timer.hpp"
#include "base/version_clock.hpp"
#include "buffer/segment_store.hpp"
#include "sink/sink.hpp"
#include "sync/destination_health.hpp"
#include "sync/landed_rows.hpp"
#include "sync/poison_search.hpp"

namespace forebay {

/// Decides when writers commit and seal (one thread), and brings sealed segments to the destination (one thread
/// and one connection per worker). Everything public is thread-safe; stop() is called once.
class Scheduler {
 public:
  /// All must outlive it. `workers` connections at most; 0: nothing is sent. `changed` is called, by a worker, when
  /// something failed, rows turned out to be missing, or the destination is well again: state() has news then.
  Scheduler(SegmentStore& store, VersionClock& clock, Destination* destination, StreamsInUse streams, int workers,
            LogCallback log, std::function<void()> changed = {});
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler();

  void start();
  /// Some writer has uncommitted rows: the timer visits soon. Cheap, from any thread.
  void wake_timer();

  /// Seals what is there and waits until it has landed; rows added meanwhile are not waited for.
  SyncResult force_sync(std::chrono::milliseconds timeout);
  /// The same for these segments, which are there already.
  SyncResult wait_for(const std::vector<SegmentPtr>& segments, SteadyTime until);
  /// Waits until nothing is pending, or nothing has landed for `stall_max`, or `give_up` says so.
  SyncResult drain(std::chrono::milliseconds stall_max, const std::function<bool()>& give_up);
  /// Ends all threads. Batches under way are finished first, or, when `at_once`, given up: what became of them is for
  /// the ledger to tell.
  void stop(bool at_once = false);

  struct State {
    DestinationState destination = DestinationState::unknown;
    std::string last_error;
    std::optional<std::int64_t> destination_since_us;
    std::optional<std::int64_t> last_error_us;
    bool takes_some = false;  // it answers, and some rows land or would
    std::vector<HeldStream> held_streams;
    std::array<std::uint64_t, kReasons> batches{};
    int syncing = 0;  // workers with a batch in hand
    double sync_time_s = 0;
    std::optional<std::int64_t> last_sync_us;
    std::uint64_t missing_rows = 0;  // had landed, and are gone since another server answers
    std::map<std::string, std::uint64_t> missing_by_buffer;
    std::map<std::string, std::uint64_t> missing_by_stream;  // of this process's own buffer
  };
  State state() const;

 private:
  void tick();
  void work(int number);
  bool wait_for_turn();
  [[nodiscard]] std::optional<Failure> send(Sink& sink, const std::vector<SegmentPtr>& segments);
  [[nodiscard]] std::optional<Failure> send_range(Sink& sink, const std::vector<SegmentPtr>& segments, bool& done,
                                                  const std::optional<Batch::RefusedFor>& refused_for = {});
  [[nodiscard]] std::optional<Failure> search_on(Sink& sink, const SegmentPtr& segment, PoisonSearch& search,
                                                 bool& done);
  [[nodiscard]] std::optional<Failure> try_row(Sink& sink, const SegmentPtr& segment, std::uint64_t row);
  bool narrow(Failure& failure, const std::vector<SegmentPtr>& segments);
  std::shared_ptr<PoisonSearch> search_of(const SegmentPtr& segment) const;
  std::uint64_t landed_in(const Segment& segment) const;
  void went_well(const Batch& batch, const std::vector<SegmentPtr>& segments, const Written& written,
                 std::chrono::duration<double> took);
  void tell_refused(const std::vector<std::string>& causes);
  void hold(const Failure& failure, const std::vector<SegmentPtr>& segments);
  RetryDecision went_wrong(const Failure& failure, const std::vector<SegmentPtr>& segments, std::uint32_t attempt);
  void meet_server(Sink& sink);
  void tell_missing(const std::vector<LandedRows::Missing>& missing);
  SyncResult result(bool settled) const;
  void note_unanswered();
  void tell_change() const {
    if (changed_) changed_();
  }
  bool is_first_try(const SegmentPtr& segment) const;
  void log(LogLevel level, const std::string& line) const {
    if (log_) log_(level, line);
  }

  // Constant after construction.
  SegmentStore& store_;
  SegmentQueue& queue_;  // of the store
  VersionClock& clock_;
  Destination* destination_;
  StreamsInUse streams_;
  int workers_max_;
  LogCallback log_;
  std::function<void()> changed_;

  Timer timer_{[this] { tick(); }};
  std::atomic<bool> commit_due_{false};  // the timer is set to come within the commit interval
  std::vector<std::thread> worker_threads_;
  LandedRows landed_;
  std::mutex comparing_;                // held while the ledger is asked
  std::uint64_t changes_compared_ = 0;  // guarded by comparing_: of Destination::server_changes()
  std::atomic<bool> stopping_{false};

  mutable std::mutex mutex_;
  std::condition_variable turn_;
  // Guarded by mutex_:
  State state_;  // but for what health_ knows
  DestinationHealth health_;
  std::multiset<SteadyTime> sending_since_;  // by worker with a batch in hand
  std::string unanswered_;                   // told where health_ knows of no error
  std::set<SegmentPtr> failing_;             // whose last try failed though the destination is there
  std::set<std::string> told_refusals_;
  std::map<std::string, std::uint64_t> landed_in_;                // by table
  std::map<SegmentPtr, std::shared_ptr<PoisonSearch>> searches_;  // each used by whoever has its segment
  std::minstd_rand random_;
};

}  // namespace forebay
