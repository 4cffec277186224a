#include "sink/refusals.hpp"

#include <algorithm>
#include <iterator>
#include <list>

#include "sink/sqlstate.hpp"

namespace forebay {
namespace {

struct OfStream {
  std::uint64_t rows = 0;
  RefusedByReason refused;
  std::map<std::pair<std::string, std::string>, const RefusedRow*> example;
  const Stream* stream = nullptr;
};

std::map<std::string, OfStream> by_stream(const Batch& batch, const std::vector<RefusedRow>& refused) {
  std::map<std::string, OfStream> streams;
  for (const BatchPart& part : batch.parts) {
    OfStream& of = streams[part.stream->name];
    of.stream = part.stream;
    of.rows += part.rows.size();
  }

  for (const RefusedRow& row : refused) {
    OfStream& of = streams[batch.ranges[row.range].stream->name];
    const std::pair reason(row.sqlstate, row.constraint);
    ++of.refused[reason];
    of.example.emplace(reason, &row);
  }
  return streams;
}

std::vector<PartRefusal> sent_again(const BatchPart& part, std::vector<PartRefusal> refused, const SendPart& send) {
  std::vector<PartRefusal> stay;
  std::vector<std::size_t> indexes;
  for (PartRefusal& r : refused) {
    if (may_land_later(r.sqlstate)) {
      indexes.push_back(r.row);
    } else {
      stay.push_back(std::move(r));
    }
  }

  if (!indexes.empty()) {
    for (PartRefusal& r : send(part.only(indexes), true)) {
      r.row = indexes[r.row];
      stay.push_back(std::move(r));
    }
  }

  std::sort(stay.begin(), stay.end(), [](const PartRefusal& a, const PartRefusal& b) { return a.row < b.row; });
  return stay;
}

struct SentPart {
  const BatchPart* part;
  std::vector<PartRefusal> refused{};  // of this round
  std::vector<bool> out{};             // what earlier rounds refused, where that is asked for

  /// Rows that are refused are not there either.
  void add(std::vector<PartRefusal> not_kept) {
    out.resize(part->rows.size());
    for (const PartRefusal& r : refused) out[r.row] = true;
    for (PartRefusal& r : not_kept)
      if (!out[r.row]) refused.push_back(std::move(r));
    for (const PartRefusal& r : refused) out[r.row] = true;
    std::sort(refused.begin(), refused.end(), [](const PartRefusal& a, const PartRefusal& b) { return a.row < b.row; });
  }
};

std::size_t waiting(std::list<SentPart>::const_iterator from, std::list<SentPart>::const_iterator end) {
  std::size_t count = 0;
  for (; from != end; ++from) {
    count += static_cast<std::size_t>(std::count_if(from->refused.begin(), from->refused.end(),
                                                    [](const PartRefusal& r) { return may_land_later(r.sqlstate); }));
  }
  return count;
}

}  // namespace

bool RefusalRate::is_over(std::uint64_t rows, std::uint64_t refused, const RefusalReason& reason) const {
  if (rows < kRowsMin) return false;
  return let_through_.contains(reason) ? refused > rows / 4 * 3 : refused > rows / 2;
}

bool RefusalRate::over(std::uint64_t rows, const RefusedByReason& refused) const {
  return std::any_of(refused.begin(), refused.end(), [&](const auto& reason) {
    if (is_over(rows, reason.second, reason.first)) return true;
    const auto before = refused_.find(reason.first);
    return rows < kRowsMin && before != refused_.end() &&
           is_over(rows_ + rows, before->second + reason.second, reason.first);
  });
}

void RefusalRate::landed(std::uint64_t rows, const RefusedByReason& refused) {
  rows_ += rows;
  for (const auto& [reason, count] : refused) refused_[reason] += count;
  if (rows_ < kRowsMin) return;
  for (const auto& [reason, count] : refused_) let_through_.insert(reason);
  rows_ = 0;
  refused_.clear();
}

bool RefusalRates::is_over(const Stream& stream, std::uint64_t rows, std::uint64_t refused,
                           const RefusalReason& reason) const {
  const std::lock_guard lock(mutex_);
  const auto rate = rates_.find(stream.name);
  return (rate != rates_.end() ? rate->second : RefusalRate()).is_over(rows, refused, reason);
}

void RefusalRates::judge(const Batch& batch, const std::vector<RefusedRow>& refused) const {
  if (refused.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, of] : by_stream(batch, refused)) {
    const auto rate = rates_.find(name);
    const RefusalRate& known = rate != rates_.end() ? rate->second : RefusalRate();
    if (!known.over(of.rows, of.refused)) continue;

    const auto most = std::max_element(of.refused.begin(), of.refused.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    const RefusedRow& example = *of.example.at(most->first);
    Failure failure = schema_failure(*of.stream, example.sqlstate, example.message);
    // They may wait for what another stream of the batch could not bring in: then both wait.
    const bool others = std::ranges::any_of(
        refused, [&, own = of.stream](const RefusedRow& r) { return batch.ranges[r.range].stream->name != own->name; });
    if (others && may_land_later(example.sqlstate)) failure.stream = nullptr;
    throw DestinationFailure(failure);
  }
}

void RefusalRates::landed(const Batch& batch, const std::vector<RefusedRow>& refused) {
  const std::lock_guard lock(mutex_);
  if (refused.empty() && rates_.empty()) return;  // the usual case
  for (const auto& [name, of] : by_stream(batch, refused)) rates_[name].landed(of.rows, of.refused);
}

Failure schema_failure(const Stream& stream, const std::string& sqlstate, const std::string& message) {
  return {.failure_class = FailureClass::schema,
          .sqlstate = sqlstate,
          .message = "table " + stream.table + " refuses more than half of the rows of stream " + stream.name +
                     " in a batch for one reason: " + message + " (" + sqlstate +
                     "). Of this batch none is quarantined; change the table, or what is written",
          .stream = &stream};
}

bool may_land_later(std::string_view sqlstate) noexcept {
  return sqlstate == "23503" || sqlstate == "23505" || sqlstate == "23P01";
}

std::vector<RefusedRow> send_parts(const Batch& batch, LedgerEntries& ledger, const SendPart& send,
                                   const FindNotKept& not_kept) {
  const SendPart send_one = [&](const BatchPart& part, bool again) {
    return on_table_of(*part.stream, [&] { return send(part, again); });
  };
  std::vector<RefusedRow> all;
  std::list<BatchPart> older;
  std::list<SentPart> sent;  // of all rounds, the last one's at the end
  for (const BatchPart& part : batch.parts) sent.push_back({&part});

  for (auto round = sent.begin(); round != sent.end();) {
    for (auto of = round; of != sent.end(); ++of) of->refused = send_one(*of->part, round != sent.begin());
    // A row may wait for one that waits for another: as long as that brings rows in.
    for (std::size_t before = waiting(round, sent.end()), left = 0; before > 0; before = left) {
      for (auto of = round; of != sent.end(); ++of)
        of->refused = sent_again(*of->part, std::move(of->refused), send_one);
      left = waiting(round, sent.end());
      if (left == before) break;
    }

    const auto last = std::prev(sent.end());  // behind it stands the next round
    if (not_kept) {
      for (auto of = sent.begin(); of != sent.end(); ++of)
        of->add(on_table_of(*of->part->stream, [&] { return not_kept(*of->part); }));
      round = sent.begin();
    }

    for (bool more = true; more; ++round) {
      more = round != last;
      std::vector<std::size_t> indexes;
      for (PartRefusal& r : round->refused) {
        const BatchRow& row = round->part->rows[r.row];
        indexes.push_back(r.row);
        ledger.add_refused(row);
        all.push_back({row.range, row.number, row.version, row.values, std::move(r.sqlstate), std::move(r.constraint),
                       std::move(r.message)});
      }

      round->refused.clear();
      if (indexes.empty()) continue;
      BatchPart instead = round->part->next_older(indexes);
      if (instead.rows.empty()) continue;
      for (const BatchRow& row : instead.rows) ledger.add_sent(row);
      sent.push_back({&older.emplace_back(std::move(instead))});
    }
  }
  return all;
}

}  // namespace forebay
