#include "engine/buffer_core.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>

#include "checkpoint/folder.hpp"
#include "config/locations.hpp"
#include "engine/destination.hpp"
#include "engine/options.hpp"
#include "forebay/error.hpp"

namespace forebay {

using std::chrono::steady_clock;

namespace {

std::vector<Stream> known_streams(const Options& options) {
  std::vector<Stream> all = {backup_files_stream(), backup_sets_stream()};
  all.insert(all.end(), options.streams.begin(), options.streams.end());
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

}  // namespace

BufferCore::BufferCore(Options options, const RecoverOptions* recovery)
    : options_(std::move(options)),
      log_(one_at_a_time(options_.log)),
      started_at_(steady_clock::now()),
      streams_(known_streams(options_)) {
  check(options_);
  if (options_.state_directory.empty() && options_.send) options_.state_directory = default_state_directory();
  if (options_.send) open_destination();
  if (options_.send && options_.buffered) open_state(/*own_folder=*/recovery == nullptr);

  std::random_device random;
  const VersionClock::Sources sources = VersionClock::system_sources();
  if (folder_) {
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
  if (folder_) {
    store.folder = folder_->path;
    quarantine_ = std::make_shared<Quarantine>(folder_->path, folder_->manifest.buffer);
    store.quarantine = quarantine_;
    error_note_ = std::make_unique<ErrorNote>(folder_->path, options_.durability, log_);
  }
  store.durability = options_.durability;
  store.limits = limits_of(options_);
  store.unbuffered = options_.send && !options_.buffered;
  store.discard = !options_.send;
  store.landing_timeout = options_.drain_timeout;
  store.wake_timer = [this] { scheduler_->wake_timer(); };
  store.log = log_;
  store_ = std::make_unique<SegmentStore>(std::move(store));

  if (state_ && options_.recover) adopt_orphans(recovery);
  std::function<void()> changed;
  if (error_note_) changed = [this] { error_note_->note(last_error(), steady_clock::now()); };
  scheduler_ = std::make_unique<Scheduler>(
      *store_, *clock_, destination_.get(), [this] { return streams_.in_use(); }, options_.connections, log_,
      std::move(changed));
  scheduler_->start();
  if (state_) start_checkpoints();
  if (state_) open_control();
}

void BufferCore::open_destination() {
  DestinationOptions d;
  d.connect_timeout = options_.connect_timeout;
  d.statement_timeout = options_.statement_timeout;
  d.clock_tolerance = options_.clock_tolerance;
  d.note = [this](const std::string& line) { log_(LogLevel::info, line); };
  d.warn = [this](const std::string& line) { log_(LogLevel::warning, line); };
  d.stamp_clock = [this] {
    return StampClock{clock_->now_us() + kVersionEpochUnixUs, clock_->last_us() + kVersionEpochUnixUs};
  };
  d.clock_compared = [this](std::int64_t ahead_us) { note_clock(ahead_us); };
  destination_ = make_destination(choose_destination(options_.destination, options_.state_directory).url, d);
}

void BufferCore::open_state(bool own_folder) {
  state_.emplace(options_.state_directory);
  if (!own_folder) return;

  const auto checkpoints = checkpoint_directory(options_.checkpoint_directory, state_->path());
  if (const auto why = why_no_checkpoints_there(checkpoints)) {
    throw Error(ErrorCode::usage, "MEMORY_DB_CHECKPOINT_DIR: " + checkpoints.string() + ": " + *why);
  }
  folder_.emplace(
      state_->create_buffer(options_.durability, destination_->description(), std::filesystem::absolute(checkpoints)));
}

std::chrono::seconds BufferCore::checkpoint_interval() const {
  const bool memory = options_.durability == Durability::memory;
  return options_.checkpoint_interval.value_or(std::chrono::seconds(memory ? 300 : 0));
}

/// Told before the first row: at level `memory` the checkpoints are all that a crash leaves.
std::optional<std::string> BufferCore::why_no_checkpoints_there(const std::filesystem::path& directory) const {
  const bool written = options_.durability == Durability::memory || checkpoint_interval() > std::chrono::seconds(0);
  if (!written || options_.checkpoint_directory.empty()) return std::nullopt;
  return why_no_checkpoints(directory);
}

void BufferCore::open_control() {
  control::Calls calls;
  calls.status = [this] { return status(); };
  calls.force_sync = [this](std::chrono::milliseconds timeout) { return force_sync(timeout); };
  calls.retry_errors = [this](const std::string& stream, std::chrono::milliseconds timeout) {
    return retry_errors(stream, timeout);
  };
  calls.drop_errors = [this](const auto& rows) { return drop_errors(rows); };
  calls.create_checkpoint = [this] { return create_checkpoint(); };
  const bool wanted = folder_ && options_.control_socket;
  control_ = std::make_unique<ControlService>(*state_, wanted ? &*folder_ : nullptr, std::move(calls), log_);
}

void BufferCore::adopt_orphans(const RecoverOptions* recovery) {
  const RecoverOptions ordinary;
  const RecoverOptions& what = recovery != nullptr ? *recovery : ordinary;

  AdoptionOptions o;
  o.wanted = {destination_->description(), what.any_destination, what.buffer, what.retry_quarantined, what.host};
  if (what.retry_quarantined) o.retry_stream = what.retry_stream;
  o.retry_rows_max = options_.batch_rows_max;
  o.shift = what.shift_versions;
  o.clock_tolerance = options_.clock_tolerance;
  o.own_buffer = folder_.has_value();
  o.log = log_;
  adopted_ = forebay::adopt_orphans(*state_, o, streams_);
  for (const AdoptedBuffer& adopted : adopted_.buffers) {
    for (const SegmentPtr& segment : adopted.segments) {
      streams_.use(segment->id.stream);
      store_->queue().adopt(segment);
    }
  }
}

/// For whoever adopts this buffer, should the destination refuse it for its clock to the end.
void BufferCore::note_clock(std::int64_t ahead_us) {
  const std::lock_guard lock(noting_clock_);
  constexpr std::int64_t kNewsUs = 1'000'000;
  if (!folder_ || std::llabs(ahead_us - noted_ahead_us_) < kNewsUs) return;
  try {
    write_clock_apart(folder_->path, ahead_us == 0 ? std::nullopt : std::optional(ahead_us),
                      options_.durability == Durability::power);
    noted_ahead_us_ = ahead_us;
  } catch (const Error& e) {
    log_(LogLevel::debug, e.what());
  }
}

BufferCore::~BufferCore() {
  if (in_forked_child()) {
    // The threads are the parent's; joining, closing or removing anything here would be wrong.
    static_cast<void>(control_.release());
    static_cast<void>(checkpointer_.release());
    static_cast<void>(scheduler_.release());
    static_cast<void>(store_.release());
    static_cast<void>(destination_.release());
    return;
  }
  try {
    static_cast<void>(stop(std::chrono::milliseconds(0), [] { return true; }));
  } catch (const std::exception& e) {
    log_(LogLevel::error, e.what());
  }
}

const Stream& BufferCore::stream(std::string_view name) const {
  if (const Stream* s = streams_.find(name)) return *s;
  throw Error(ErrorCode::usage,
              "no stream is named " + std::string(name) + "; declare it in Options::streams or by declare_stream()");
}

void BufferCore::declare_stream(const Stream& declaration) {
  if (store_->budget().is_stopped()) throw stopped_error();
  streams_.declare(declaration);
}

std::shared_ptr<WriterCore> BufferCore::make_writer(std::string_view stream) {
  const Stream& declared = this->stream(stream);
  streams_.use(&declared);
  return store_->make_writer(declared);
}

SyncResult BufferCore::force_sync(std::chrono::milliseconds timeout) {
  SyncResult result = scheduler_->force_sync(timeout);
  result.quarantined_before = adopted_.quarantined;
  return result;
}

void BufferCore::start_checkpoints() {
  const bool memory = options_.durability == Durability::memory;
  CheckpointerOptions c;
  c.directory = checkpoint_directory(options_.checkpoint_directory, state_->path());
  c.origin.buffer = store_->queue().buffer_id();
  c.origin.host = host_name();
  if (folder_) {
    c.origin.boot_id = folder_->manifest.boot_id;
    c.folder = folder_->path;
  }
  c.origin.pid = ::getpid();
  c.origin.durability = options_.durability;
  c.origin.destination = destination_->description();
  c.origin.state_directory = state_->path().string();
  // A folder of checkpoints may be shared, and a state directory moved: only what was noted there counts.
  c.is_finished = [folder = c.directory](const CheckpointOrigin& of) { return all_landed(folder, of.buffer); };
  c.interval = checkpoint_interval();
  c.only_in_memory = memory;
  c.retention = options_.checkpoint_retention;
  c.hook = options_.checkpoint_hook;
  c.log = log_;
  checkpointer_ = std::make_unique<Checkpointer>(*store_, std::move(c));
  checkpointer_->start();
}

CheckpointResult BufferCore::create_checkpoint() {
  if (!checkpointer_) {
    throw Error(ErrorCode::usage, "this buffer keeps nothing (a dry run, or USE_MEMORY_DB=False): no checkpoint");
  }
  return checkpointer_->create();
}

SyncResult BufferCore::stop(std::optional<std::chrono::milliseconds> stall_max, const std::function<bool()>& give_up) {
  const std::lock_guard lock(stopping_);
  if (stopped_) return *stopped_;
  store_->stop_producers(Reason::end);
  SyncResult result = scheduler_->drain(stall_max.value_or(options_.drain_timeout), give_up);
  // While the destination may still be asked; not when it may be what keeps us waiting.
  if (result.settled || scheduler_->state().takes_some) finish_adopted();
  scheduler_->stop(/*at_once=*/!result.settled);
  control_.reset();
  result.pending_rows = store_->pending_rows();  // batches that were under way have ended
  result.quarantined_rows = store_->queue().quarantined_rows();
  result.quarantined_before = adopted_.quarantined;
  result.missing_rows = scheduler_->state().missing_rows;
  result.settled = result.pending_rows == 0;
  if (result.settled) result.held_streams.clear();
  if (checkpointer_) checkpointer_->stop();
  leave_state(result);
  stopped_ = result;
  return result;
}

SyncStatus BufferCore::status() const {
  const Accounts accounts = store_->accounts();
  const Scheduler::State state = scheduler_->state();
  SyncStatus s;
  s.buffer = store_->queue().buffer_id();
  s.durability = options_.durability;
  if (destination_) s.destination = destination_->description();
  if (destination_) s.destination_server = destination_->server();
  s.streams = accounts.streams;
  s.recovered = accounts.recovered;
  std::uint64_t missing_elsewhere = state.missing_rows;
  for (const auto& [stream, rows] : state.missing_by_stream) {
    s.streams[stream] = without_missing(s.streams[stream], rows);
    missing_elsewhere -= rows;
  }
  s.recovered = without_missing(s.recovered, missing_elsewhere);
  s.recovered.accepted += adopted_.lost_rows;
  s.recovered.lost += adopted_.lost_rows;
  s.recovered_retries = accounts.recovered_retries;
  s.quarantined_before = adopted_.quarantined;
  s.quarantined_left = adopted_.finished_rows;
  s.damaged_journals = adopted_.damaged_journals;
  s.damaged_checkpoints = adopted_.damaged_checkpoints;
  s.buffers_in_use = adopted_.in_use;
  s.buffers_in_doubt = adopted_.in_doubt;
  s.buffers_unreadable = adopted_.unreadable;
  s.buffers_of_other_hosts = adopted_.of_other_hosts;
  s.missing_rows = state.missing_rows;
  s.recovered_errors = adopted_.last_errors;
  s.batches = state.batches;
  s.is_syncing = state.syncing > 0;
  s.memory_rows = accounts.memory_rows;
  s.memory_bytes = accounts.memory_bytes;
  s.disk_bytes = accounts.disk_bytes;
  s.disk_trouble = accounts.disk_trouble;
  s.journaled_rows = accounts.journaled_rows;
  s.retried_rows = accounts.retried_rows;
  const SteadyTime now = steady_clock::now();
  if (accounts.oldest_at) s.oldest_pending_s = std::chrono::duration<double>(now - *accounts.oldest_at).count();
  s.total_time_s = std::chrono::duration<double>(now - started_at_).count();
  s.destination_state = state.destination;
  s.destination_since_us = state.destination_since_us;
  s.last_error = state.last_error;
  s.last_error_us = state.last_error_us;
  s.held_streams = state.held_streams;
  s.sync_time_s = state.sync_time_s;
  s.last_sync_us = state.last_sync_us;
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t wall_us = std::chrono::duration_cast<std::chrono::microseconds>(wall).count();
  if (destination_) add_progress(s, store_->budget().limits().interval, wall_us);
  if (const auto last = checkpointer_ ? checkpointer_->last_checkpoint() : std::nullopt) {
    s.last_checkpoint_us = last->created_us;
    s.last_checkpoint_rows = last->rows;
  }
  if (state_) s.state_directory = state_->path().string();
  return s;
}

}  // namespace forebay
