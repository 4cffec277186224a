#include "buffer/segment_store.hpp"

#include <utility>

#include "forebay/error.hpp"

namespace forebay {

SegmentStore::SegmentStore(StoreOptions options)
    : wake_timer_(options.wake_timer),
      queue_({std::move(options.buffer_id), options.limits, std::move(options.quarantine),
              [this] { budget_.note_landed(); }}),
      journals_({std::move(options.folder), options.durability, std::move(options.create_file),
                 std::move(options.flush_folder), std::move(options.wake_timer), options.log},
                queue_),
      budget_({options.limits, options.unbuffered, options.discard, options.landing_timeout,
               [this] { return active_usage(); }, [this](Reason reason) { seal_all(reason); }, options.log},
              queue_, journals_) {}

// --- Writers

std::shared_ptr<WriterCore> SegmentStore::make_writer(const Stream& stream) {
  auto writer = std::make_shared<WriterCore>(WriterCore::Parts{queue_, journals_, budget_, wake_timer_}, stream);

  const std::lock_guard lock(mutex_);
  if (budget_.is_stopped()) throw stopped_error();
  journals_.start();
  writers_.push_back(writer);
  return writer;
}

void SegmentStore::retire_writer(const std::shared_ptr<WriterCore>& writer) {
  writer->retire(Reason::end);

  const std::lock_guard lock(mutex_);
  if (std::erase(writers_, writer) == 0) return;
  retired_rows_[writer->stream().name] += writer->accepted_rows();
}

std::vector<std::shared_ptr<WriterCore>> SegmentStore::writers() const {
  const std::lock_guard lock(mutex_);
  return writers_;
}

void SegmentStore::seal_all(Reason reason) {
  for (const auto& writer : writers()) writer->seal(reason);
}

void SegmentStore::stop_producers(Reason reason) {
  budget_.stop();  // before looking: no writer is made from here on
  for (const auto& writer : writers()) writer->retire(reason);
}

// --- Accounts

BufferUsage SegmentStore::active_usage() const {
  const std::lock_guard lock(mutex_);
  BufferUsage usage;
  for (const auto& writer : writers_) {
    usage.active_rows += writer->active_rows();
    usage.active_bytes += writer->active_bytes();
    usage.disk_bytes += writer->active_disk_bytes();
  }
  return usage;
}

/// In the order in which a row moves, but for what was accepted: one that is on its way meanwhile is counted twice, and
/// never not at all, and no more rows have landed than were accepted.
Accounts SegmentStore::accounts() const {
  const std::lock_guard lock(mutex_);
  struct Active {
    std::uint64_t rows;
    SteadyTime since;
  };
  std::vector<Active> active;
  BufferUsage usage;
  for (const auto& writer : writers_) {
    active.push_back({writer->active_rows(), writer->active_since()});
    usage.active_bytes += writer->active_bytes();
    usage.disk_bytes += writer->active_disk_bytes();
  }

  Accounts a = queue_.accounts();
  a.disk_trouble = journals_.trouble().now(std::chrono::steady_clock::now());
  a.memory_bytes += usage.active_bytes;
  a.disk_bytes += usage.disk_bytes;
  for (std::size_t i = 0; i < writers_.size(); ++i) {
    Counts& counts = a.streams[writers_[i]->stream().name];
    counts.accepted += writers_[i]->accepted_rows();
    counts.pending += active[i].rows;
    a.memory_rows += active[i].rows;
    if (active[i].rows > 0 && (!a.oldest_at || active[i].since < *a.oldest_at)) a.oldest_at = active[i].since;
  }
  for (const auto& [stream, rows] : retired_rows_) a.streams[stream].accepted += rows;
  return a;
}

std::uint64_t SegmentStore::pending_rows() const {
  const Accounts a = accounts();
  std::uint64_t rows = a.recovered.pending;
  for (const auto& [name, counts] : a.streams) rows += counts.pending;
  return rows;
}

std::uint64_t SegmentStore::accepted_rows() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t rows = queue_.adopted_rows();
  for (const auto& [stream, accepted] : retired_rows_) rows += accepted;
  for (const auto& writer : writers_) rows += writer->accepted_rows();
  return rows;
}

}  // namespace forebay
