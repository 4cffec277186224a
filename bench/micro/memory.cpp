// What a buffered row takes of memory, beside the same rows in one bare SQLite table. Each is run in a process of its
// own (bench/micro.py does), where nothing freed before can be used again unseen.

#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <fstream>

#include "micro/support.hpp"

namespace bench {
namespace {

constexpr std::int64_t kMemoryRows = 200'000;
constexpr std::int64_t kWarmRows = 1000;  // the code's own pages, and what is allocated once, are no rows

double resident_bytes() {
  ::malloc_trim(0);
  std::ifstream statm("/proc/self/statm");
  double all = 0;
  double resident = 0;
  check(static_cast<bool>(statm >> all >> resident), "cannot read /proc/self/statm");
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

void tell(benchmark::State& state, double before, std::int64_t cache_used) {
  state.counters["resident_bytes_per_row"] = (resident_bytes() - before) / kMemoryRows;
  state.counters["cache_used_bytes_per_row"] = static_cast<double>(cache_used) / kMemoryRows;
}

void memory_bare_sqlite(benchmark::State& state) {
  files();
  BareTable().insert(kWarmRows);
  for (auto _ : state) {
    const double before = resident_bytes();
    BareTable table;
    table.insert(kMemoryRows);
    tell(state, before, table.cache_used_bytes());
  }
}

void memory_buffered(benchmark::State& state) {
  const auto add = [](AwayBuffer& buffer, std::int64_t rows) {
    forebay::Writer writer = buffer->writer();
    for (std::int64_t i = 0; i < rows; ++i) writer.add_file(files()[i]);
    writer.commit();
  };
  {
    AwayBuffer warm(forebay::Durability::process, kWarmRows);
    add(warm, kWarmRows);
  }
  for (auto _ : state) {
    const double before = resident_bytes();
    AwayBuffer buffer(forebay::Durability::process, kMemoryRows);
    add(buffer, kMemoryRows);
    const forebay::SyncStatus status = buffer->get_sync_status();
    check(status.memory_rows == static_cast<std::uint64_t>(kMemoryRows), "not all rows are in memory");
    tell(state, before, static_cast<std::int64_t>(status.memory_bytes));
  }
}

BENCHMARK(memory_bare_sqlite)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(memory_buffered)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bench
