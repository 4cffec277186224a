// What is done to a segment of 5,000 rows between add() and the sink: seal; drain, which is all from taking it out of
// the queue to its removal but for sending it; and encoding its batch for PostgreSQL's binary COPY.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "base/version_clock.hpp"
#include "buffer/segment_store.hpp"
#include "buffer/writer_core.hpp"
#include "forebay/stream.hpp"
#include "micro/support.hpp"
#include "scan/file_row.hpp"
#include "sink/batch.hpp"
#include "sink/postgres/copy_encoder.hpp"
#include "sync/drain.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kStageRows = 5000;

/// A store and one writer, with nobody who drains it.
class Stages {
 public:
  explicit Stages(std::uint64_t memory_rows_max) {
    forebay::StoreOptions options;
    options.buffer_id = "bench";
    options.folder = folder_.path();
    options.limits.batch_rows_max = kStageRows;
    options.limits.memory_rows_max = memory_rows_max;
    options.limits.interval = 1h;
    store_ = std::make_unique<forebay::SegmentStore>(std::move(options));
    writer_ = store_->make_writer(forebay::backup_files_stream());
  }
  ~Stages() {
    store_->stop_producers(forebay::Reason::end);
    store_->journals().spill();
  }
  Stages(const Stages&) = delete;
  Stages& operator=(const Stages&) = delete;

  void add(std::int64_t rows) {
    for (std::int64_t i = 0; i < rows; ++i) writer_->add(clock_.next(), row_.fill(files()[i]));
  }
  void seal() { writer_->seal(forebay::Reason::force_sync); }
  bool empty() const { return store_->pending_rows() == 0; }
  forebay::SegmentPtr take() {
    const std::vector<forebay::SegmentPtr> taken = store_->queue().take(std::chrono::steady_clock::now() + 1s);
    check(taken.size() == 1, "a segment of one batch was expected");
    return taken.front();
  }
  void settle(const forebay::SegmentPtr& segment) {
    store_->queue().landed(segment, segment->id.rows, {.synced = segment->id.rows});
  }

 private:
  Folder folder_;
  forebay::VersionClock clock_{forebay::VersionClock::system_sources(), 0, 7};
  std::unique_ptr<forebay::SegmentStore> store_;
  std::shared_ptr<forebay::WriterCore> writer_;
  forebay::FileRow row_;
};

void seal(benchmark::State& state) {
  Stages stages(100 * kStageRows);
  for (auto _ : state) {
    stages.add(kStageRows - 1);
    const Stopwatch watch;
    stages.seal();
    state.SetIterationTime(watch.seconds());
    stages.settle(stages.take());
  }
  state.SetItemsProcessed(state.iterations() * (kStageRows - 1));
}

void drain(Stages& stages, const forebay::SegmentPtr& segment) {
  forebay::Batch batch = forebay::next_batch({segment}, kStageRows);
  batch.build();
  benchmark::DoNotOptimize(batch.parts.data());
  stages.settle(segment);
}

void drain_memory(benchmark::State& state) {
  Stages stages(100 * kStageRows);
  for (auto _ : state) {
    stages.add(kStageRows);
    const Stopwatch watch;
    drain(stages, stages.take());
    state.SetIterationTime(watch.seconds());
  }
  state.SetItemsProcessed(state.iterations() * kStageRows);
}

void drain_journal(benchmark::State& state) {
  Stages stages(2 * kStageRows);
  for (auto _ : state) {
    forebay::SegmentPtr evicted;
    while (!evicted) {
      if (stages.empty()) stages.add(8 * kStageRows);
      forebay::SegmentPtr segment = stages.take();
      if (segment->in_memory()) {
        stages.settle(segment);
      } else {
        evicted = std::move(segment);
      }
    }
    const Stopwatch watch;
    drain(stages, evicted);
    state.SetIterationTime(watch.seconds());
  }
  state.SetItemsProcessed(state.iterations() * kStageRows);
}

void encode(benchmark::State& state) {
  const auto rows = rows_of_files(0, kStageRows, 1);
  std::vector<forebay::WireForm> forms;
  for (const forebay::Column& column : forebay::backup_files_stream().columns) {
    forms.push_back(column.type == forebay::ColumnType::integer     ? forebay::WireForm::int8
                    : column.type == forebay::ColumnType::timestamp ? forebay::WireForm::timestamp
                                                                    : forebay::WireForm::chars);
  }
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    forebay::CopyEncoder encoder(bytes);
    encoder.header();
    for (std::size_t r = 0; r < rows->size(); ++r) {
      encoder.begin_row(forms.size() + 1);
      for (std::size_t c = 0; c < forms.size(); ++c) encoder.field(rows->values(r)[c], forms[c]);
      encoder.int8_field(rows->row(r).version);
    }
    encoder.end();
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetItemsProcessed(state.iterations() * kStageRows);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

BENCHMARK(seal)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(40);
BENCHMARK(drain_memory)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(40);
BENCHMARK(drain_journal)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(40);
BENCHMARK(encode)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace bench
