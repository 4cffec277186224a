#include "sink/postgres/rows.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "sink/postgres/distribution.hpp"
#include "sink/postgres/own_code.hpp"

namespace forebay {
namespace {

constexpr std::size_t kCopyPieceBytes = std::size_t{128} * 1024;

/// Refused rows of a batch that goes straight into its table, each of which costs a try, before it goes by staging.
constexpr std::size_t kDirectRefusedMax = 8;

constexpr const char* kRenew = "RELEASE SAVEPOINT forebay_rows; SAVEPOINT forebay_rows; ";

bool in_the_way(const DestinationFailure& e) { return e.sqlstate() == "23505" || e.sqlstate() == "23P01"; }

/// Feeds COPY with the rows begin … end-1, of which `encode` writes one.
template <typename Encode>
std::function<void(std::string&)> pieces(RowSearch::Range range, Encode encode) {
  return [range, encode, next = range.begin, ended = false](std::string& piece) mutable {
    CopyEncoder encoder(piece);
    if (next == range.begin && !ended) encoder.header();
    for (; next < range.end && piece.size() < kCopyPieceBytes; ++next) encode(encoder, next);
    if (next == range.end && !std::exchange(ended, true)) encoder.end();
  };
}

}  // namespace

void PostgresRows::land(RowSearch search, const std::function<std::size_t(std::size_t)>& row_at,
                        const std::string& copy_table, const Send& send) {
  const char* before = kSavepoint;
  std::optional<DestinationFailure> named;
  while (!search.done()) {
    std::optional<std::size_t> row;
    try {
      send(search.range(), before);
      before = kRenew;
      some_landed_ = true;
      row = search.landed();
      if (row) refuse(row_at(*row), *named);
    } catch (const DestinationFailure& e) {
      if (!to_be_searched(e)) throw;
      check_search_time();
      before = kBack;
      // A partition has buffers of its own, so that its errors may come late; triggers run when all rows are in.
      const bool sure = !table_.partitioned && e.context.starts_with("COPY ");
      row = search.refused(copy_line(e.context, copy_table), sure);
      if (row) {
        refuse(row_at(*row), e);
      } else {
        named = e;
      }
    }
  }
  if (before == kBack) session_.run(kBack);
}

/// What a statement with rows met may be one row's fault, where code of the table's own can have a say in it: such code
/// chooses its SQLSTATEs as it likes.
bool PostgresRows::to_be_searched(const DestinationFailure& e) {
  if (!search_ || !session_.usable()) return false;
  const FailureClass why = e.failure.failure_class;
  if (why != FailureClass::row_refused) {
    const bool unknown = !e.sqlstate().empty() && find_sqlstate(e.sqlstate()) == nullptr;
    const bool within = e.in_code && (why == FailureClass::schema || why == FailureClass::other);
    if (!unknown && !within) return false;
    doubt(e);
  }
  if (e.reporter == Reporter::raised && means_try_again(e.sqlstate()) && raised_tries_ != nullptr &&
      !raised_tries_->are_over(table_.quoted, e.sqlstate(), *ranges_)) {
    throw DestinationFailure({FailureClass::retry_batch, e.sqlstate(),
                              "table " + table_.quoted + ": " + e.said + " (" + e.sqlstate() +
                                  "); it is tried again some times, then the row is searched for"});
  }
  return true;
}

/// Of a table that takes no row any more each row would be refused.
void PostgresRows::doubt(const DestinationFailure& e) {
  if (!doubted_) doubted_ = e;
  if (++doubts_ >= RefusalRate::kRowsMin) settle_doubt();
}

void PostgresRows::settle_doubt() const {
  if (doubted_ && !some_landed_ && !left_over_) throw DestinationFailure(*doubted_);
}

/// Citus's command tag counts what was selected, whether it won or not; the rows that come back are those that did.
std::string PostgresRows::upsert_from(const std::string& item) const {
  return dialect_.upsert_from(*part_.stream, table_.quoted, item, table_.wire, table_.repeated) +
         (table_.distributed ? " RETURNING 1" : "");
}

void PostgresRows::refuse(std::size_t row, const DestinationFailure& why) {
  // A worker's error has it in the text alone, and its shard's table may have one of another name.
  std::string constraint = named_constraint(why.constraint.empty() ? why.said : why.constraint, table_.constraints);
  if (constraint.empty()) constraint = why.constraint;
  std::string message = why.said;
  if (why.sqlstate() == "23502" && !table_.repeated.empty()) {
    message = "table " + table_.quoted +
              " has no row of this key, and only the application that it belongs to can make one (" + why.said +
              "); make it there";
  }
  if (why.reporter == Reporter::raised || why.in_code) {
    message += " (" + (table_.triggers.any() ? "the table has " + named_triggers(table_.triggers) + "; " : "") +
               "what it says is in the server's log)";
  }
  refuse({row, why.sqlstate(), constraint, message});
}

void PostgresRows::refuse(PartRefusal refusal) {
  const RefusalReason reason(refusal.sqlstate, refusal.constraint);
  refused_.push_back(std::move(refusal));
  if (rates_ == nullptr || may_land_later(reason.first)) return;
  if (rates_->is_over(*part_.stream, part_.rows.size(), ++reasons_[reason], reason)) {
    throw DestinationFailure(schema_failure(*part_.stream, reason.first, refused_.back().message));
  }
}

void PostgresRows::check_search_time() {
  const auto now = std::chrono::steady_clock::now();
  if (!searching_since_) searching_since_ = now;
  if (search_limit_ && now - *searching_since_ > *search_limit_) throw SearchTooLong{part_.stream};
}

std::vector<PartRefusal> PostgresRows::take_refused() {
  settle_doubt();
  std::sort(refused_.begin(), refused_.end(), [](const PartRefusal& a, const PartRefusal& b) { return a.row < b.row; });
  return std::exchange(refused_, {});
}

bool PostgresRows::copy_direct() {
  const std::string copy = dialect_.copy_in(table_.quoted, owned_columns(*part_.stream));
  const auto encode = [&](CopyEncoder& encoder, std::size_t r) {
    const BatchRow& row = part_.rows[r];
    encoder.begin_row(table_.forms.size() + 1);
    for (std::size_t c = 0; c < table_.forms.size(); ++c) encoder.field(row.values[c], table_.forms[c]);
    encoder.int8_field(row.version);
  };
  // Around the search's own savepoints: what they let in goes as well.
  session_.run("SAVEPOINT forebay_direct");
  const bool found_by_staging =
      std::any_of(table_.suspicions.begin(), table_.suspicions.end(), [](const Suspicion& s) { return s.sure; });
  bool taken = false;
  try {
    land(
        RowSearch(part_.rows.size()), [](std::size_t i) { return i; }, table_.name,
        [&](RowSearch::Range range, const std::string& before) {
          many_refused_ = found_by_staging && refused_.size() > kDirectRefusedMax;
          taken = many_refused_;
          if (taken) throw DestinationFailure({FailureClass::other, "", "many rows are refused"});
          try {
            session_.copy(before + copy, pieces(range, encode));
          } catch (const DestinationFailure& e) {
            taken = in_the_way(e) || (table_.distributed && is_vague(e.sqlstate()));
            if (taken) throw DestinationFailure({FailureClass::other, "", e.failure.message});
            throw;
          }
        });
    return true;
  } catch (const DestinationFailure&) {
    if (!taken) throw;
  }
  session_.run("ROLLBACK TO SAVEPOINT forebay_direct");
  refused_.clear();
  reasons_.clear();
  doubted_.reset();
  some_landed_ = false;
  return false;
}

void PostgresRows::upsert_staged(const std::string& name, bool refuses) {
  std::vector<std::size_t> staged;
  try {
    session_.run(dialect_.create_stage(name, table_.wire));
    staged = copy_to_stage(name);
  } catch (const DestinationFailure& e) {
    if (is_of_the_stage(e)) throw NoStage{e.said + " (" + e.sqlstate() + ")"};
    throw;
  }
  some_landed_ = false;  // in the stage only
  const std::string stage = "pg_temp." + name;
  if (staged.empty() || ((!search_ || !(refuses || many_refused_)) && upsert_whole_stage(stage, staged.size()))) return;
  const std::vector<Suspect> some = suspects(stage);
  upsert_suspects(stage, some);
  std::vector<std::size_t> rest;
  for (auto [row, next] = std::pair(staged.begin(), some.begin()); row != staged.end(); ++row) {
    if (next != some.end() && next->row == *row) {
      ++next;
    } else {
      rest.push_back(*row);
    }
  }
  bool indexed = false;
  land(
      RowSearch(rest.size()), [&](std::size_t i) { return rest[i]; }, "",
      [&](RowSearch::Range range, const std::string& before) {
        const bool whole = range.size() == rest.size();
        std::string first = before;
        const std::string index = dialect_.index_stage(stage);
        if (!whole && !indexed && !index.empty()) {  // of the many tries to come each takes some rows only
          session_.run(std::exchange(first, kSavepoint));
          indexed = true;  // or an index is forbidden: then the tries are slower
          run_or_go_back(index);
        }
        const std::string item = whole ? stage : dialect_.stage_rows(stage, rest[range.begin], rest[range.end - 1]);
        const auto affected = session_.run(first + upsert_from(item));
        upserted(affected, range.size(), item, {});
      });
}

/// Leaves a savepoint less, either way.
void PostgresRows::run_or_go_back(const std::string& sql) {
  try {
    session_.run(sql + "; RELEASE SAVEPOINT forebay_rows");
  } catch (const DestinationFailure& e) {
    if (!session_.usable()) throw;
    session_.run(std::string(kBack) + "RELEASE SAVEPOINT forebay_rows");
  }
}

/// Whether the temporary table is what failed, so that rows may land without one.
bool PostgresRows::is_of_the_stage(const DestinationFailure& e) const {
  if (!session_.usable() || e.sqlstate().empty()) return false;
  switch (e.failure.failure_class) {
    case FailureClass::reconnect:
    case FailureClass::in_doubt:
    case FailureClass::retry_batch:
    case FailureClass::retry_half:
      return false;
    case FailureClass::unfit_for_now:  // room and memory may be short where temporary tables are
      return e.sqlstate().starts_with("53");
    default:
      return e.reporter == Reporter::raised || e.failure.failure_class != FailureClass::row_refused;
  }
}

/// Returns the rows that are in.
std::vector<std::size_t> PostgresRows::copy_to_stage(const std::string& name) {
  const std::size_t columns = table_.forms.size();
  const std::string copy = dialect_.copy_in("pg_temp." + name, dialect_.stage_columns(columns) + ", n");
  const auto encode = [&](CopyEncoder& encoder, std::size_t r) {
    const BatchRow& row = part_.rows[r];
    encoder.begin_row(columns + 3);
    for (std::size_t c = 0; c < columns; ++c) encoder.field(row.values[c], table_.forms[c]);
    encoder.int8_field(row.version);
    encoder.int4_field(static_cast<std::int32_t>(ledger_.index_of(row)));
    encoder.int4_field(static_cast<std::int32_t>(r));
  };
  land(
      RowSearch(part_.rows.size()), [](std::size_t i) { return i; }, name,
      [&](RowSearch::Range range, const std::string& before) { session_.copy(before + copy, pieces(range, encode)); });
  std::vector<std::size_t> staged;
  for (std::size_t r = 0, next = 0; r < part_.rows.size(); ++r) {
    if (next < refused_.size() && refused_[next].row == r) {
      ++next;
    } else {
      staged.push_back(r);
    }
  }
  return staged;
}

/// False where it refuses a row that is to be searched for.
bool PostgresRows::upsert_whole_stage(const std::string& stage, std::size_t rows) {
  try {
    upserted(session_.run(kSavepoint + upsert_from(stage)), rows, stage, {});
    return true;
  } catch (const DestinationFailure& e) {
    if (!to_be_searched(e)) throw;
  }
  session_.run(kBack);
  return false;
}

void PostgresRows::upsert_arrays() {
  const std::string item = dialect_.unnest_item(table_.wire);
  const std::string upsert = upsert_from(item);
  land(
      RowSearch(part_.rows.size()), [](std::size_t i) { return i; }, "",
      [&](RowSearch::Range range, const std::string& before) {
        std::vector<std::string> parameters;
        ArrayText array;
        for (std::size_t c = 0; c < table_.forms.size(); ++c) {
          for (std::size_t r = range.begin; r < range.end; ++r) array.add(part_.rows[r].values[c]);
          parameters.push_back(array.take());
        }
        for (std::size_t r = range.begin; r < range.end; ++r) array.add(part_.rows[r].version);
        parameters.push_back(array.take());
        for (std::size_t r = range.begin; r < range.end; ++r) {
          array.add(static_cast<std::int64_t>(ledger_.index_of(part_.rows[r])));
        }
        parameters.push_back(array.take());
        session_.run(before);
        upserted(session_.run(upsert, parameters), range.size(), item, parameters);
      });
}

void PostgresRows::upserted(std::uint64_t affected, std::size_t rows, const std::string& item,
                            const std::vector<std::string>& parameters) {
  // Every row was inserted or replaced an older one. An openGauss counts so, too (seen on a 6.0.0;
  // nodeModifyTable.cpp): what the WHERE held back is not in its count, and a table where it could meet another key
  // than ours is refused.
  if (affected >= rows) return;
  // What was not touched is newer at the destination, or the same record that landed before: only the former are
  // superseded.
  const Around planned = dialect_.planned_by_row();
  if (!planned.before.empty()) session_.run(std::string(planned.before));
  for (const auto& row :
       session_.exec(dialect_.count_superseded(*part_.stream, table_.quoted, item, table_.wire), parameters)) {
    ledger_.add_older(row[0].as<std::uint32_t>(), row[1].as<std::uint64_t>());
  }
  if (!planned.after.empty()) session_.run(std::string(planned.after));
}

}  // namespace forebay
