#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "forebay/forebay.hpp"
#include "support/private_postgres.hpp"
#include "support/streams.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {

/// What a process may leak at each fault.
struct Resources {
  static Resources now() {
    const auto entries = [](const char* folder) {
      return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
    };
    return {entries("/proc/self/fd"), entries("/proc/self/task")};
  }
  std::ptrdiff_t descriptors = 0;
  std::ptrdiff_t threads = 0;
};

/// A Buffer with short limits that sends small batches of measurements() to a server, by two connections, and what must
/// hold of the table afterwards.
class FaultSite {
 public:
  static Options options(const std::string& url) {
    Options o;
    o.destination = url;
    o.streams = {measurements()};
    o.batch_rows_max = 50;
    o.interval = std::chrono::milliseconds(50);
    o.connections = 2;
    o.connect_timeout = std::chrono::milliseconds(500);
    o.statement_timeout = std::chrono::milliseconds(700);
    o.control_socket = false;
    return o;
  }

  explicit FaultSite(const std::string& url) : FaultSite(options(url)) {}
  explicit FaultSite(Options o) : buffer_(placed(std::move(o))), writer_(buffer_.writer("measurements")) {}

  void add(int rows) {
    for (int i = 0; i < rows; ++i) writer_.add(Measurement("s", ++added_));
  }
  std::int64_t added() const { return added_; }
  Buffer& buffer() { return buffer_; }
  SyncStatus status() const { return buffer_.get_sync_status(); }

  /// Adds rows until the destination is in that state.
  bool comes_to(DestinationState state) {
    const auto start = std::chrono::steady_clock::now();
    while (status().destination_state != state) {
      if (std::chrono::steady_clock::now() - start > std::chrono::seconds(20)) return false;
      add(1);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  bool fails_with(const std::string& words) {
    const auto start = std::chrono::steady_clock::now();
    while (status().last_error.find(words) == std::string::npos) {
      if (std::chrono::steady_clock::now() - start > std::chrono::seconds(20)) {
        UNSCOPED_INFO("last error: " << status().last_error);
        return false;
      }
      add(1);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  /// Everything lands, each row once, by table and ledger.
  void check_complete(const PrivatePostgres& server, std::chrono::seconds within = std::chrono::seconds(20)) {
    const SyncResult result = buffer_.force_sync(within);
    INFO(result.last_error);
    REQUIRE(result.settled);
    const std::string rows = std::to_string(added_);
    CHECK(server.one("SELECT count(*) FROM measurements") == rows);
    CHECK(server.one("SELECT count(DISTINCT tick) FROM measurements") == rows);
    CHECK(server.query("SELECT sum(synced), sum(superseded), sum(last_row - first_row + 1) FROM sync_batches WHERE "
                       "stream = 'measurements'") == Rows{{rows, "0", rows}});
    const Counts counts = buffer_.get_stats("measurements");
    CHECK(counts.synced == static_cast<std::uint64_t>(added_));
    CHECK(counts.pending == 0);
    CHECK(status().destination_state == DestinationState::ok);
    CHECK(status().last_error.empty());
  }

  int lines_with(const std::string& words) const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::count_if(
        lines_.begin(), lines_.end(), [&](const std::string& line) { return line.find(words) != std::string::npos; }));
  }

 private:
  Options placed(Options o) {
    o.state_directory = folder_ / "state";
    o.log = [this](LogLevel level, std::string_view line) {
      if (level == LogLevel::debug) return;
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(line);
    };
    return o;
  }

  TemporaryDirectory folder_;
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  std::int64_t added_ = 0;
  Buffer buffer_;
  Writer writer_;
};

/// The backends that forebay has there.
inline std::vector<pid_t> backends_of(const PrivatePostgres& server) {
  std::vector<pid_t> pids;
  for (const auto& row : server.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'forebay'"))
    pids.push_back(static_cast<pid_t>(std::stol(row[0])));
  return pids;
}

}  // namespace forebay::test
