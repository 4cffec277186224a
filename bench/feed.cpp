// A producer that is told what to do: takes commands on standard input, one a line, and answers each with a line of
// JSON. Settings come from the environment, as for the command. bench/feed.py drives it.
//
//   burst ROWS TIMES PERIOD_MS   TIMES bursts of ROWS files as fast as add() takes them, one begun every PERIOD_MS;
//                                how long each add() took
//   add ROWS                     as fast as add() takes them, nothing timed but the whole
//   force-sync SECONDS           brings everything to the destination, or gives up
//   status                       counts, and this process's memory
//
// With the argument --no-memory-statistics it switches SQLite's off, as the command does (docs/library.md).
// At the end of its input it stops; what has not landed stays in the state directory.

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <forebay/forebay.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "files.hpp"

namespace {

using nlohmann::json;
using std::chrono::steady_clock;

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

/// The next file each time.
class Feeder {
 public:
  void add_next(forebay::Writer& writer) { writer.add_file(files_[added_++]); }

 private:
  bench::Files files_;
  std::int64_t added_ = 0;
};

double percentile(const std::vector<std::uint32_t>& sorted_ns, double share) {
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted_ns.size() - 1));
  return sorted_ns[at] / 1000.0;
}

json burst(forebay::Writer& writer, Feeder& feeder, std::istream& arguments) {
  std::uint64_t rows = 0;
  std::uint64_t times = 0;
  std::int64_t period_ms = 0;
  arguments >> rows >> times >> period_ms;
  if (!arguments || rows * times == 0) throw std::runtime_error("burst ROWS TIMES PERIOD_MS");
  std::vector<std::uint32_t> took_ns;
  took_ns.reserve(rows * times);
  double busy_s = 0;
  auto next = steady_clock::now();
  for (std::uint64_t b = 0; b < times; ++b) {
    std::this_thread::sleep_until(next);  // a scanner's bursts, and time between them for what goes on behind
    next += std::chrono::milliseconds(period_ms);
    const auto start = steady_clock::now();
    auto last = start;
    for (std::uint64_t i = 0; i < rows; ++i) {
      feeder.add_next(writer);
      const auto now = steady_clock::now();
      took_ns.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>((now - last).count(), UINT32_MAX)));
      last = now;
    }
    busy_s += std::chrono::duration<double>(last - start).count();
  }
  std::sort(took_ns.begin(), took_ns.end());
  return {{"rows", rows * times},
          {"rows_per_s", static_cast<double>(rows * times) / busy_s},
          {"p50_us", percentile(took_ns, 0.5)},
          {"p99_us", percentile(took_ns, 0.99)},
          {"p99_9_us", percentile(took_ns, 0.999)},
          {"p99_99_us", percentile(took_ns, 0.9999)},
          {"max_us", took_ns.back() / 1000.0}};
}

/// A line of /proc/self/status, in bytes.
std::uint64_t memory_of(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name + ":", 0) == 0) return std::stoull(line.substr(name.size() + 1)) * 1024;
  }
  return 0;
}

json status(const forebay::Buffer& buffer) {
  const forebay::SyncStatus s = buffer.get_sync_status();
  const forebay::Counts c = s.of("backup_files");
  return {{"accepted", c.accepted},
          {"synced", c.synced},
          {"superseded", c.superseded},
          {"pending", c.pending},
          {"destination_state", to_string(s.destination_state)},
          {"memory_bytes", s.memory_bytes},
          {"disk_bytes", s.disk_bytes},
          {"resident_bytes", memory_of("VmRSS")},
          {"resident_peak_bytes", memory_of("VmHWM")}};
}

json answer(const std::string& line, forebay::Buffer& buffer, forebay::Writer& writer, Feeder& feeder) {
  std::istringstream arguments(line);
  std::string command;
  arguments >> command;
  const auto start = steady_clock::now();
  json said;
  if (command == "burst") {
    said = burst(writer, feeder, arguments);
  } else if (command == "add") {
    std::uint64_t rows = 0;
    if (!(arguments >> rows)) throw std::runtime_error("add ROWS");
    for (std::uint64_t i = 0; i < rows; ++i) feeder.add_next(writer);
    writer.commit();
  } else if (command == "force-sync") {
    std::int64_t seconds = 0;
    if (!(arguments >> seconds)) throw std::runtime_error("force-sync SECONDS");
    const forebay::SyncResult result = buffer.force_sync(std::chrono::seconds(seconds));
    said = {{"settled", result.settled}, {"last_error", result.last_error}};
  } else if (command == "status") {
    said = status(buffer);
  } else {
    throw std::runtime_error("no command '" + command + "'");
  }
  said["seconds"] = seconds_since(start);
  return said;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc > 1 && std::string_view(argv[1]) == "--no-memory-statistics") {
      sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    }
    Feeder feeder;
    forebay::Options options = forebay::options_from_environment();
    options.recover = false;
    forebay::Buffer buffer(options);
    forebay::Writer writer = buffer.writer();
    for (std::string line; std::getline(std::cin, line);) {
      std::cout << answer(line, buffer, writer, feeder).dump() << std::endl;
    }
    static_cast<void>(buffer.stop(std::chrono::milliseconds(0)));
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "forebay_feed: " << e.what() << "\n";
    return 4;
  }
}
