#include "api/buffer_core.hpp"

#include <random>
#include <string>
#include <utility>

#include "api/log.hpp"
#include "config/locations.hpp"
#include "forebay/error.hpp"

namespace forebay {

using std::chrono::steady_clock;

namespace {

std::vector<Stream> known_streams(const Options& options) {
  std::vector<Stream> all = {backup_files_stream(), backup_sets_stream()};
  for (const Stream& s : options.streams) {
    s.check();
    for (const Stream& other : all) {
      if (other.name == s.name) throw Error(ErrorCode::usage, "stream " + s.name + " is declared twice");
    }
    all.push_back(s);
  }
  return all;
}

Limits limits_of(const Options& o) {
  Limits l;
  l.batch_rows_max = o.batch_rows_max;
  l.interval = o.interval;
  l.memory_rows_max = o.memory_rows_max;
  l.memory_bytes_max = o.memory_bytes_max;
  l.disk_bytes_max = o.disk_bytes_max;
  l.full_policy = o.full_policy;
  return l;
}

void check(const Options& o) {
  const auto refuse = [](const char* why) { throw Error(ErrorCode::usage, why); };
  if (o.batch_rows_max == 0) refuse("Options::batch_rows_max must be at least 1");
  if (o.memory_rows_max == 0) refuse("Options::memory_rows_max must be at least 1");
  if (o.interval <= std::chrono::milliseconds(0)) refuse("Options::interval must be above 0");
  if (o.checkpoint_interval && o.checkpoint_interval->count() < 0) {
    refuse("Options::checkpoint_interval must not be negative");
  }
  if (o.connections < 1) refuse("Options::connections must be at least 1");
}

std::string counted(std::uint64_t n, const char* one, const char* many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

}  // namespace

BufferCore::BufferCore(Options options)
    : options_(std::move(options)),
      log_(one_at_a_time(options_.log)),
      started_at_(steady_clock::now()),
      streams_(known_streams(options_)) {
  check(options_);
  if (options_.state_directory.empty() && options_.send) options_.state_directory = default_state_directory();
  if (options_.send) open_destination();
  if (options_.send && options_.buffered) open_state();

  std::random_device random;
  const VersionClock::Sources sources = VersionClock::system_sources();
  if (state_) {
    const VersionReserve reserve(state_->path() / "version-reserve", options_.durability == Durability::power);
    clock_ = std::make_unique<VersionClock>(
        sources, reserve.floor_us(sources), random(),
        [reserve, sources](std::int64_t until_us) { reserve.extend(until_us, sources); });
  } else {
    clock_ = std::make_unique<VersionClock>(sources, 0, random());
  }

  StoreOptions store;
  // Without a buffer the run stands in for one in the ledger.
  store.buffer_id = folder_ ? folder_->manifest.buffer : StateDirectory::new_buffer_id();
  if (folder_) store.folder = folder_->path;
  store.durability = options_.durability;
  store.limits = limits_of(options_);
  store.unbuffered = options_.send && !options_.buffered;
  store.closed = options_.only_recover;
  store.discard = !options_.send;
  store.landing_timeout = options_.drain_timeout;
  store.wake_timer = [this] { scheduler_->wake_timer(); };
  store.log = log_;
  store_ = std::make_unique<SegmentStore>(std::move(store));

  if (state_ && options_.recover) adopt_orphans();
  scheduler_ =
      std::make_unique<Scheduler>(*store_, *clock_, destination_.get(), streams_.all(), options_.connections, log_);
  scheduler_->start();
}

void BufferCore::open_destination() {
  DestinationOptions d;
  d.connect_timeout = options_.connect_timeout;
  d.statement_timeout = options_.statement_timeout;
  d.clock_tolerance = options_.clock_tolerance;
  d.note = [this](const std::string& line) { log_(LogLevel::info, line); };
  destination_ = make_destination(choose_destination(options_.destination, options_.state_directory).url, d);
}

void BufferCore::open_state() {
  state_.emplace(options_.state_directory);
  if (options_.only_recover) return;
  folder_.emplace(state_->create_buffer(options_.durability, destination_->description()));
}

void BufferCore::adopt_orphans() {
  std::vector<LeftAlone> left_alone;
  auto orphans =
      state_->lock_orphans(destination_->description(), options_.recover_any_destination, left_alone, buffers_in_use_);
  if (folder_ && buffers_in_use_ > 0) --buffers_in_use_;  // our own
  for (BufferFolder& folder : orphans) {
    const std::string name = folder.manifest.buffer;
    const auto pid = folder.manifest.pid;
    const std::string meant_for = folder.manifest.destination;
    AdoptedBuffer adopted = adopt(std::move(folder), streams_);
    for (const std::string& finding : adopted.findings) log_(LogLevel::warning, finding);
    damaged_journals_ += adopted.damaged_journals;
    if (adopted.rows > 0) {
      log_(LogLevel::info, "adopted buffer " + name + " of process " + std::to_string(pid) +
                               ", which has ended: " + counted(adopted.rows, "row", "rows") + " in " +
                               counted(adopted.segments.size(), "journal", "journals") +
                               (meant_for == destination_->description() ? "" : ", meant for " + meant_for));
    }
    for (const SegmentPtr& segment : adopted.segments) store_->adopt(segment);
    adopted_.push_back(std::move(adopted));
  }
  for (const LeftAlone& left : left_alone) {
    log_(LogLevel::warning, "buffer " + left.path.string() + " is left as it is: " + left.why);
  }
}

BufferCore::~BufferCore() {
  if (store_->in_forked_child()) {
    // The threads are the parent's; joining, closing or removing anything here would be wrong.
    static_cast<void>(scheduler_.release());
    static_cast<void>(store_.release());
    static_cast<void>(destination_.release());
    return;
  }
  try {
    stop(std::chrono::milliseconds(0), [] { return true; });
  } catch (const std::exception& e) {
    log_(LogLevel::error, e.what());
  }
}

const Stream& BufferCore::stream(std::string_view name) const {
  if (const Stream* s = streams_.find(name)) return *s;
  throw Error(ErrorCode::usage, "no stream is named " + std::string(name) + "; declare it in Options::streams");
}

SyncResult BufferCore::force_sync(std::chrono::milliseconds timeout) { return scheduler_->force_sync(timeout); }

CheckpointResult BufferCore::create_checkpoint() {
  throw Error(ErrorCode::not_built_yet, "checkpoints are not built in this release");
}

SyncResult BufferCore::stop(std::optional<std::chrono::milliseconds> stall_max, const std::function<bool()>& give_up) {
  const std::lock_guard lock(stopping_);
  if (stopped_) return *stopped_;
  store_->stop_producers(Reason::end);
  SyncResult result = scheduler_->drain(stall_max.value_or(options_.drain_timeout), give_up);
  scheduler_->stop(/*at_once=*/!result.settled);
  result.pending_rows = store_->pending_rows();  // batches that were under way have ended
  result.settled = result.pending_rows == 0;
  leave_state(result);
  stopped_ = result;
  return result;
}

/// What has landed leaves nothing behind; what has not stays in its folder, unlocked, for an adopter.
void BufferCore::leave_state(SyncResult& result) {
  const SegmentStore::Spill spill = store_->spill();
  if (spill.unsaved_rows > 0) {
    result.unsaved_rows = spill.unsaved_rows;
    log_(LogLevel::error,
         counted(spill.unsaved_rows, "row", "rows") + " that only memory held could not be saved: " + spill.error);
  }
  for (AdoptedBuffer& adopted : adopted_) {
    if (!finish_adoption(adopted)) log_(LogLevel::debug, "buffer " + adopted.folder.path.string() + " stays");
  }
  adopted_.clear();
  if (folder_) {
    StateDirectory::remove_buffer(*folder_);
    folder_.reset();
  }
}

SyncStatus BufferCore::status() const {
  const SegmentStore::Accounts accounts = store_->accounts();
  const Scheduler::State state = scheduler_->state();
  SyncStatus s;
  s.buffer = store_->buffer_id();
  s.durability = options_.durability;
  if (destination_) s.destination = destination_->description();
  s.destination_state = state.destination;
  s.last_error = state.last_error;
  s.streams = accounts.streams;
  s.recovered = accounts.recovered;
  s.damaged_journals = damaged_journals_;
  s.buffers_in_use = buffers_in_use_;
  s.batches = state.batches;
  s.is_syncing = state.syncing > 0;
  s.memory_rows = accounts.memory_rows;
  s.memory_bytes = accounts.memory_bytes;
  s.disk_bytes = accounts.disk_bytes;
  const SteadyTime now = steady_clock::now();
  if (accounts.oldest_at) s.oldest_pending_s = std::chrono::duration<double>(now - *accounts.oldest_at).count();
  s.total_time_s = std::chrono::duration<double>(now - started_at_).count();
  s.sync_time_s = state.sync_time_s;
  s.last_sync_us = state.last_sync_us;
  if (state_) s.state_directory = state_->path().string();
  return s;
}

}  // namespace forebay
