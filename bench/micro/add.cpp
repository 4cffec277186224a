// add(), commit() included, at each level of durability and from several threads, beside a bare loop of prepared
// INSERTs of the same columns into one SQLite table in memory. Nothing is drained meanwhile: the destination is away.

#include <benchmark/benchmark.h>

#include <functional>
#include <future>
#include <latch>
#include <vector>

#include "micro/support.hpp"

namespace bench {
namespace {

constexpr std::int64_t kRows = 200'000;
/// Once is over in a sixth of a second: what else the machine does just then would be most of what is measured.
constexpr int kTimes = 3;

/// From the moment when all of them are there to the end of the last.
double seconds_of_threads(std::int64_t threads, const std::function<void(std::int64_t)>& work) {
  std::latch ready(threads + 1);
  std::vector<std::future<void>> running;
  for (std::int64_t t = 0; t < threads; ++t) {
    running.push_back(std::async(std::launch::async, [&ready, &work, t] {
      ready.arrive_and_wait();
      work(t);
    }));
  }
  ready.arrive_and_wait();
  const Stopwatch watch;
  for (std::future<void>& thread : running) thread.wait();
  const double seconds = watch.seconds();
  for (std::future<void>& thread : running) thread.get();  // throws what it threw
  return seconds;
}

void bare_sqlite(benchmark::State& state) {
  files();
  for (auto _ : state) {
    BareTable table;
    const Stopwatch watch;
    table.insert(kRows);
    state.SetIterationTime(watch.seconds());
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}

/// Each thread with a table of its own: what the machine gives to two at most.
void bare_sqlite_threads(benchmark::State& state) {
  files();
  const std::int64_t threads = state.range(0);
  for (auto _ : state) {
    std::vector<BareTable> tables(static_cast<std::size_t>(threads));
    state.SetIterationTime(
        seconds_of_threads(threads, [&](std::int64_t t) { tables[static_cast<std::size_t>(t)].insert(kRows); }));
  }
  state.SetItemsProcessed(state.iterations() * threads * kRows);
}

void add(benchmark::State& state, forebay::Durability level) {
  files();
  for (auto _ : state) {
    AwayBuffer buffer(level, kRows);
    forebay::Writer writer = buffer->writer();
    const Stopwatch watch;
    for (std::int64_t i = 0; i < kRows; ++i) writer.add_file(files()[i]);
    writer.commit();
    state.SetIterationTime(watch.seconds());
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}

/// Each thread has a writer of its own, and adds as many rows as one alone.
void add_threads(benchmark::State& state) {
  files();
  const std::int64_t threads = state.range(0);
  for (auto _ : state) {
    AwayBuffer buffer(forebay::Durability::process, static_cast<std::uint64_t>(threads * kRows));
    std::vector<forebay::Writer> writers;
    for (std::int64_t t = 0; t < threads; ++t) writers.push_back(buffer->writer());
    state.SetIterationTime(seconds_of_threads(threads, [&](std::int64_t t) {
      forebay::Writer& writer = writers[static_cast<std::size_t>(t)];
      for (std::int64_t i = t * kRows; i < (t + 1) * kRows; ++i) writer.add_file(files()[i]);
      writer.commit();
    }));
  }
  state.SetItemsProcessed(state.iterations() * threads * kRows);
}

/// commit() alone, of the rows that a group has when it is called for.
void commit(benchmark::State& state, forebay::Durability level) {
  constexpr std::int64_t kGroups = 100;
  const std::int64_t rows = state.range(0);
  AwayBuffer buffer(level, static_cast<std::uint64_t>(kGroups * rows));
  forebay::Writer writer = buffer->writer();
  std::int64_t added = 0;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < rows; ++i) writer.add_file(files()[added++]);
    const Stopwatch watch;
    writer.commit();
    state.SetIterationTime(watch.seconds());
  }
  state.SetItemsProcessed(state.iterations() * rows);
}

using enum forebay::Durability;
BENCHMARK(bare_sqlite)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(kTimes);
BENCHMARK(bare_sqlite_threads)
    ->Arg(1)
    ->Arg(2)
    ->Arg(4)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(kTimes);
BENCHMARK_CAPTURE(add, memory, memory)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(kTimes);
BENCHMARK_CAPTURE(add, process, process)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(kTimes);
BENCHMARK_CAPTURE(add, power, power)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(kTimes);
BENCHMARK(add_threads)->Arg(1)->Arg(2)->Arg(4)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(kTimes);
// 1,000 rows are committed by themselves.
BENCHMARK_CAPTURE(commit, memory, memory)
    ->Arg(1)
    ->Arg(999)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond)
    ->Iterations(100);
BENCHMARK_CAPTURE(commit, process, process)
    ->Arg(1)
    ->Arg(999)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond)
    ->Iterations(100);
BENCHMARK_CAPTURE(commit, power, power)
    ->Arg(1)
    ->Arg(999)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond)
    ->Iterations(100);

}  // namespace
}  // namespace bench
