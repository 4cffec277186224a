// A sink's write() of batches of 5,000 rows, from BEGIN to COMMIT: rows that are new, and newer versions of rows that
// are there. PostgreSQL is the one of DATABASE_URL, where the tables are empty; without that it is left out.

#include "micro/sinks.hpp"

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/destination.hpp"
#include "forebay/stream.hpp"
#include "micro/support.hpp"
#include "sink/sink.hpp"

namespace bench {
namespace {

constexpr std::int64_t kSinkRows = 5000;
constexpr int kBatches = 10;

/// The ledger knows ranges by buffer and segment, and takes none twice.
forebay::Batch next_files(std::int64_t first) {
  static std::uint64_t segments = 0;
  ++segments;
  forebay::BatchRange range;
  range.buffer = "bench-" + std::to_string(::getpid());
  range.segment = segments;
  range.last_row = kSinkRows;
  range.stream = &forebay::backup_files_stream();
  range.rows = rows_of_files(first, kSinkRows, static_cast<std::int64_t>(segments) * kSinkRows);
  return {forebay::Reason::batch_size_reached, {std::move(range)}};
}

void write(forebay::Sink& sink, forebay::Batch& batch) {
  const forebay::WriteOutcome outcome = sink.write(batch);
  if (const auto* failure = std::get_if<forebay::Failure>(&outcome)) throw std::runtime_error(failure->message);
  check(std::get<forebay::Written>(outcome).ranges.front().synced == kSinkRows, "not all rows of a batch landed");
}

void sink(benchmark::State& state, const std::string& url, bool again) {
  static std::int64_t files_used = 0;
  const Folder folder;
  const auto destination =
      forebay::make_destination(url.empty() ? "sqlite:" + (folder.path() / "catalog.db").string() : url, {});
  const auto sink = destination->make_sink({&forebay::backup_files_stream()});
  if (const auto failure = sink->open()) throw std::runtime_error(failure->message);
  std::int64_t next = files_used;
  if (again) {
    for (int b = 0; b < kBatches; ++b) {
      forebay::Batch batch = next_files(next + b * kSinkRows);
      write(*sink, batch);
    }
  }
  for (auto _ : state) {
    forebay::Batch batch = next_files(next);
    next += kSinkRows;
    const Stopwatch watch;
    write(*sink, batch);
    state.SetIterationTime(watch.seconds());
  }
  files_used = next;
  state.SetItemsProcessed(state.iterations() * kSinkRows);
}

void register_sink(const std::string& name, const std::string& url) {
  for (const bool again : {false, true}) {
    benchmark::RegisterBenchmark(("sink/" + name + (again ? "/again" : "/new")).c_str(),
                                 [url, again](benchmark::State& state) { sink(state, url, again); })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond)
        ->Iterations(kBatches);
  }
}

}  // namespace

void register_sinks() {
  register_sink("sqlite", "");
  const char* url = std::getenv("DATABASE_URL");
  if (url != nullptr) register_sink("postgresql", url);
}

}  // namespace bench
