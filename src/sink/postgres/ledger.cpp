// What PostgresSink reads from the batch ledger and writes to it.
#include "sink/postgres/copy_encoder.hpp"
#include "sink/postgres/ledger_code.hpp"
#include "sink/postgres/own_code.hpp"
#include "sink/postgres/sink.hpp"

namespace forebay {

std::vector<std::vector<LandedSpan>> PostgresSink::landed_spans(const Batch& batch) {
  std::vector<std::vector<LandedSpan>> landed(batch.ranges.size());
  for (std::size_t r = 0; r < batch.ranges.size(); ++r) {
    const BatchRange& range = batch.ranges[r];
    if (!range.maybe_sent) continue;
    for (const auto& row : session_->exec(session_->dialect().select_landed(ledger_table_),
                                          {range.buffer, std::to_string(range.segment), std::to_string(range.first_row),
                                           std::to_string(range.last_row)})) {
      landed[r].push_back({row[0].as<std::uint64_t>(), row[1].as<std::uint64_t>(), row[2].as<std::uint64_t>(),
                           row[3].as<std::uint64_t>(), row[4].as<std::uint64_t>()});
    }
  }
  return landed;
}

std::map<std::uint64_t, std::uint64_t> PostgresSink::landed_rows(const std::string& buffer, std::uint64_t first,
                                                                 std::uint64_t last) {
  if (const auto failure = open()) throw DestinationFailure(*failure);
  session_->begin(server_.prelude);
  std::map<std::uint64_t, std::uint64_t> found;
  for (const auto& row : session_->exec("SELECT segment, sum(last_row - first_row + 1)::bigint FROM " + ledger_table_ +
                                            " WHERE buffer = $1 AND segment BETWEEN $2::bigint AND $3::bigint GROUP BY "
                                            "segment",
                                        {buffer, std::to_string(first), std::to_string(last)}))
    found[row[0].as<std::uint64_t>()] = row[1].as<std::uint64_t>();
  session_->commit();
  return found;
}

void PostgresSink::write_ledger(const Batch& batch, const LedgerEntries& ledger) {
  ArrayText buffers, segments, firsts, lasts, synced, superseded, streams, quarantined;
  for (const LedgerEntries::Entry& e : ledger.entries()) {
    const BatchRange& range = batch.ranges[e.range];
    buffers.add(std::string_view(range.buffer));
    segments.add(static_cast<std::int64_t>(range.segment));
    firsts.add(static_cast<std::int64_t>(e.first_row));
    lasts.add(static_cast<std::int64_t>(e.last_row));
    synced.add(static_cast<std::int64_t>(e.synced()));
    superseded.add(static_cast<std::int64_t>(e.superseded()));
    streams.add(std::string_view(range.stream->name));
    quarantined.add(static_cast<std::int64_t>(e.quarantined));
  }
  const OwnTriggers triggers = ledger_may_have_code_ ? own_triggers(*session_, ledger_table_) : OwnTriggers{};
  note_in_ledger(*session_, server_.prelude, ledger_table_, triggers, ledger.entries().size(),
                 {buffers.take(), segments.take(), firsts.take(), lasts.take(), synced.take(), superseded.take(),
                  std::string(to_string(batch.reason)), streams.take(), quarantined.take()});
}

}  // namespace forebay
