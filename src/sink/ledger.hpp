#pragma once

#include <cstdint>
#include <vector>

#include "sink/batch.hpp"
#include "sink/sink.hpp"

namespace forebay {

/// The batch ledger's columns in the form of a stream without name and key: no rows go by it, but its table can be
/// checked by it.
const Stream& ledger_stream();

/// A row of the batch ledger, as read: rows that have landed, and what became of them.
struct LandedSpan {
  std::uint64_t first_row = 0;
  std::uint64_t last_row = 0;
  std::uint64_t synced = 0;
  std::uint64_t superseded = 0;
  std::uint64_t quarantined = 0;
};

/// What one write does to the ledger: its new rows, and what they and the earlier ones add up to. Pure.
class LedgerEntries {
 public:
  /// A span of a range that this write brings; becomes one ledger row.
  struct Entry {
    std::uint32_t range = 0;
    std::uint64_t first_row = 0;
    std::uint64_t last_row = 0;
    std::uint64_t sent = 0;   // rows of it in the batch's parts; the others are superseded within the batch
    std::uint64_t older = 0;  // sent, but older than what the destination has
    std::uint64_t quarantined = 0;

    std::uint64_t synced() const { return sent - older; }
    std::uint64_t superseded() const { return last_row - first_row + 1 - synced() - quarantined; }
  };

  /// Of a batch that is built.
  explicit LedgerEntries(const Batch& batch);

  /// The entry that a row belongs to.
  std::uint32_t index_of(const BatchRow& row) const;
  void add_older(std::uint32_t entry, std::uint64_t rows) { entries_[entry].older += rows; }
  /// One of the sent rows was refused, and is none of them any more.
  void add_refused(const BatchRow& row);
  /// A row that was superseded within the batch is sent after all: all newer ones of its key were refused.
  void add_sent(const BatchRow& row) { ++entries_[index_of(row)].sent; }
  const std::vector<Entry>& entries() const { return entries_; }

  /// Counts by range. A landed span that reaches beyond its range (a batch was halved later) counts with its share,
  /// such that the shares of all parts add up to the whole.
  Written written(const Batch& batch, const std::vector<std::vector<LandedSpan>>& landed) const;

 private:
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> first_of_range_;  // index into entries_, by range; one more at the end
};

/// What Batch::build() wants.
std::vector<std::vector<Batch::Span>> spans_of(const std::vector<std::vector<LandedSpan>>& landed);

}  // namespace forebay
