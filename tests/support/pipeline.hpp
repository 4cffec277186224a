#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/version_clock.hpp"
#include "buffer/segment_store.hpp"
#include "buffer/writer_core.hpp"
#include "engine/destination.hpp"
#include "support/fault_destination.hpp"
#include "support/sqlite_number.hpp"
#include "support/streams.hpp"
#include "support/temporary_directory.hpp"
#include "sync/scheduler.hpp"

namespace forebay::test {

/// Nothing is sent by its age.
inline Limits limits_with(std::uint64_t batch_rows, std::uint64_t memory_rows = 1'000'000) {
  Limits l;
  l.batch_rows_max = batch_rows;
  l.interval = std::chrono::hours(1);
  l.memory_rows_max = memory_rows;
  return l;
}

/// For a wait that nothing interrupts.
inline constexpr auto kNever = [] { return false; };

/// Store, scheduler and a SQLite catalog that can be made to fail: what lies between add() and the destination.
class Pipeline {
 public:
  explicit Pipeline(const Limits& limits, Durability durability = Durability::process, int workers = 2,
                    CreateFile create_file = create_posix_file, FlushFolder flush_folder = flush_posix_folder,
                    std::chrono::seconds landing_timeout = std::chrono::seconds(60))
      : clock(VersionClock::system_sources(), 0, 7) {
    std::filesystem::create_directory(folder());
    destination = std::make_unique<FaultDestination>(make_destination("sqlite:" + catalog().string(), {}), workers);
    StoreOptions options;
    options.buffer_id = "test-buffer";
    options.folder = folder();
    options.durability = durability;
    quarantine = std::make_shared<Quarantine>(folder(), "test-buffer");
    options.quarantine = quarantine;
    options.limits = limits;
    options.create_file = std::move(create_file);
    options.flush_folder = std::move(flush_folder);
    options.landing_timeout = landing_timeout;
    options.wake_timer = [this] {
      if (scheduler) scheduler->wake_timer();
    };
    options.log = [this](LogLevel, std::string_view line) {
      const std::lock_guard lock(log_mutex_);
      log_.emplace_back(line);
    };
    const LogCallback log = options.log;
    store = std::make_unique<SegmentStore>(std::move(options));
    scheduler = std::make_unique<Scheduler>(
        *store, clock, destination.get(), [] { return std::vector{&measurements()}; }, workers, log);
  }

  std::filesystem::path folder() const { return dir_ / "buffer"; }
  std::filesystem::path catalog() const { return dir_ / "catalog.db"; }

  std::vector<std::string> log() const {
    const std::lock_guard lock(log_mutex_);
    return log_;
  }
  /// Journals with something in them; the others are spare.
  std::vector<std::filesystem::path> journal_files() const {
    std::vector<std::filesystem::path> files;
    std::error_code gone;
    for (const auto& e : std::filesystem::directory_iterator(folder())) {
      if (e.path().extension() == ".journal" && e.file_size(gone) > 0 && !gone) files.push_back(e.path());
    }
    return files;
  }
  int journals() const { return static_cast<int>(journal_files().size()); }
  /// Rows at the destination.
  std::int64_t landed_rows() const { return query("SELECT count(*) FROM measurements"); }
  std::int64_t query(const std::string& sql) const { return sqlite_number(catalog(), sql); }
  void add(WriterCore& writer, const std::string& sensor, std::int64_t tick) {
    writer.add(clock.next(), Measurement(sensor, tick));
  }
  Counts counts() const { return store->accounts().streams["measurements"]; }

 private:
  TemporaryDirectory dir_;
  mutable std::mutex log_mutex_;
  std::vector<std::string> log_;

 public:
  VersionClock clock;
  std::shared_ptr<Quarantine> quarantine;
  std::unique_ptr<FaultDestination> destination;
  std::unique_ptr<SegmentStore> store;
  std::unique_ptr<Scheduler> scheduler;
};

}  // namespace forebay::test
