#include "buffer/quarantine.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/crash_point.hpp"
#include "base/value_text.hpp"
#include "buffer/quarantine_file.hpp"
#include "buffer/quarantine_record.hpp"
#include "forebay/error.hpp"
#include "sqlite/statement.hpp"

namespace forebay {
namespace {

using Life = SqliteStatement::Life;

constexpr std::size_t kKeyBytesMax = 8192;  // of a column

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t signed_of(std::uint64_t n) { return static_cast<std::int64_t>(n); }

/// Rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(SqliteConnection& db) : db_(db) { db_.exec("BEGIN IMMEDIATE"); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() { db_.rollback(); }
  void commit() { db_.exec("COMMIT"); }

 private:
  SqliteConnection& db_;
};

std::int64_t stream_id(SqliteConnection& db, const Stream& stream) {
  const std::string declaration = stream_to_json(stream);
  SqliteStatement insert(
      db, "INSERT INTO streams (name, declaration) VALUES (?1, ?2) ON CONFLICT (declaration) DO NOTHING", Life::once);
  insert.bind_text(1, stream.name);
  insert.bind_text(2, declaration);
  insert.run();
  SqliteStatement find(db, "SELECT id FROM streams WHERE declaration = ?1", Life::once);
  find.bind_text(1, declaration);
  return find.step() ? find.column_integer(0) : 0;
}

/// Runs a statement with parameters ?1 buffer or retry's segment, ?2 segment, ?3 first row, ?4 last row.
void drop_span(SqliteConnection& db, const std::string& buffer, std::uint64_t segment, bool is_retry,
               const RowSpan& span) {
  SqliteStatement statement(
      db,
      is_retry ? "UPDATE entries SET refused_again = 0 WHERE retry = ?2 AND retry_row BETWEEN ?3 AND ?4"
               : "DELETE FROM entries WHERE buffer = ?1 AND segment = ?2 AND row BETWEEN ?3 AND ?4 AND retry IS NULL",
      Life::once);
  if (!is_retry) statement.bind_text(1, buffer);
  statement.bind_integer(2, signed_of(segment));
  statement.bind_integer(3, signed_of(span.first_row));
  statement.bind_integer(4, signed_of(span.last_row));
  statement.run();
}

void insert_entries(SqliteConnection& db, const SegmentRefusals& of) {
  const std::int64_t stream = stream_id(db, *of.stream);
  const std::uint64_t seed = record_seed(*of.stream);
  const std::int64_t now = now_us();
  SqliteStatement insert(db,
                         "INSERT INTO entries (buffer, segment, row, stream, key, version, record, sqlstate, "
                         "constraint_name, message, attempts, first_us, last_us) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 1, ?11, ?11)",
                         Life::once);
  for (const Refusal& r : of.refused) {
    const std::string key = key_text(*of.stream, r.values, kKeyBytesMax);
    const std::string record = encode_entry(r.version, r.values, seed);
    insert.bind_text(1, of.buffer);
    insert.bind_integer(2, signed_of(of.segment));
    insert.bind_integer(3, signed_of(r.row));
    insert.bind_integer(4, stream);
    insert.bind_text(5, key);
    insert.bind_integer(6, r.version);
    insert.bind_blob(7, record);
    insert.bind_text(8, r.sqlstate);
    insert.bind_text(9, r.constraint);
    insert.bind_text(10, r.message);
    insert.bind_integer(11, now);
    insert.run();
  }
}

void mark_refused_again(SqliteConnection& db, const SegmentRefusals& of) {
  SqliteStatement mark(db,
                       "UPDATE entries SET refused_again = 1, sqlstate = ?3, constraint_name = ?4, message = ?5, "
                       "last_us = ?6 WHERE retry = ?1 AND retry_row = ?2",
                       Life::once);
  for (const Refusal& r : of.refused) {
    mark.bind_integer(1, signed_of(of.segment));
    mark.bind_integer(2, signed_of(r.row));
    mark.bind_text(3, r.sqlstate);
    mark.bind_text(4, r.constraint);
    mark.bind_text(5, r.message);
    mark.bind_integer(6, now_us());
    mark.run();
  }
}

/// Numbers of retries are far above those of segments, and never come twice: the batch ledger knows rows by them. Not
/// even when a file that was damaged is gone, unless the clock is set back as well.
std::uint64_t next_retry(SqliteConnection& db) {
  SqliteStatement last(db, "SELECT segment FROM last_retry", Life::once);
  const std::int64_t number = std::max(now_us(), (last.step() ? last.column_integer(0) : 0) + 1);
  last.reset();
  db.exec("UPDATE last_retry SET segment = " + std::to_string(number));
  return static_cast<std::uint64_t>(number);
}

struct Candidate {
  std::int64_t id = 0;  // rowid
  std::int64_t stream = 0;
  std::uint64_t bytes = 0;
};

/// Entries by stream, oldest first. Those whose record is damaged are left out and counted.
std::vector<Candidate> candidates(SqliteConnection& db, const std::string& stream,
                                  const std::set<std::pair<std::string, std::uint64_t>>& in_doubt,
                                  std::uint64_t& unreadable) {
  struct Declared {
    Stream stream;
    std::uint64_t seed = 0;
  };
  std::map<std::int64_t, Declared> streams;
  SqliteStatement declared(db, "SELECT id, declaration FROM streams", Life::once);
  while (declared.step()) {
    Stream s = stream_from_json(declared.column_text(1));
    if (stream.empty() || s.name == stream) streams.insert({declared.column_integer(0), {s, record_seed(s)}});
  }
  std::vector<Candidate> found;
  SqliteStatement entries(db,
                          "SELECT rowid, stream, buffer, segment, record FROM entries WHERE retry IS NULL "
                          "ORDER BY stream, rowid",
                          Life::once);
  while (entries.step()) {
    const auto of = streams.find(entries.column_integer(1));
    if (of == streams.end()) continue;
    const auto segment = static_cast<std::uint64_t>(entries.column_integer(3));
    if (in_doubt.contains({std::string(entries.column_text(2)), segment})) continue;
    RowSet row(of->second.stream.columns.size());
    if (decode_entry(entries.column_blob(4), of->second.stream, of->second.seed, 1, row)) {
      found.push_back({entries.column_integer(0), of->first, entries.column_blob(4).size()});
    } else {
      ++unreadable;
    }
  }
  return found;
}

}  // namespace

Quarantine::Quarantine(std::filesystem::path folder, std::string buffer)
    : folder_(std::move(folder)), buffer_(std::move(buffer)), db_(open_quarantine(folder_, /*make=*/false)) {}

SqliteConnection& Quarantine::made() {
  if (!db_) db_ = open_quarantine(folder_, /*make=*/true);
  return *db_;
}

/// For what is done on the file: its errors say when it is the file that is damaged.
template <typename Use>
auto Quarantine::guarded(Use use) const {
  try {
    return use();
  } catch (const SqliteError& e) {
    if (!db_) throw;
    quarantine_failed(e, *db_);
  }
}

void Quarantine::keep(const std::vector<SegmentRefusals>& refusals) {
  const std::lock_guard lock(mutex_);
  guarded([&] {
    SqliteConnection& db = made();
    Transaction transaction(db);
    for (const SegmentRefusals& of : refusals) {
      for (const RowSpan& span : of.sent) drop_span(db, of.buffer, of.segment, of.is_retry, span);
      if (of.is_retry) {
        mark_refused_again(db, of);
      } else if (!of.refused.empty()) {
        insert_entries(db, of);
      }
    }
    crash_point("refused rows are being kept");
    transaction.commit();
  });
  for (const SegmentRefusals& of : refusals) {
    if (!of.is_retry && !of.refused.empty()) in_doubt_.insert({of.buffer, of.segment});
  }
  crash_point("refused rows are kept, before COMMIT");
}

void Quarantine::drop(const std::string& buffer, std::uint64_t segment, bool is_retry,
                      const std::vector<RowSpan>& rows) {
  const std::lock_guard lock(mutex_);
  if (!db_ || rows.empty() || (!is_retry && !in_doubt_.contains({buffer, segment}))) return;
  guarded([&] {
    SqliteStatement any(*db_,
                        is_retry ? "SELECT 1 FROM entries WHERE retry = ?2 AND refused_again = 1"
                                 : "SELECT 1 FROM entries WHERE buffer = ?1 AND segment = ?2",
                        Life::once);
    if (!is_retry) any.bind_text(1, buffer);
    any.bind_integer(2, signed_of(segment));
    const bool nothing = !any.step();
    any.reset();
    if (nothing) return;  // the usual case, and no write
    Transaction transaction(*db_);
    for (const RowSpan& span : rows) drop_span(*db_, buffer, segment, is_retry, span);
    transaction.commit();
  });
}

void Quarantine::expect(const std::string& buffer, std::uint64_t segment) {
  const std::lock_guard lock(mutex_);
  if (db_) in_doubt_.insert({buffer, segment});
}

void Quarantine::settle(const std::string& buffer, std::uint64_t segment) {
  const std::lock_guard lock(mutex_);
  in_doubt_.erase({buffer, segment});
}

std::map<std::string, std::uint64_t> Quarantine::rows() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::uint64_t> rows;
  if (!db_) return rows;
  guarded([&] {
    SqliteStatement counts(*db_,
                           "SELECT s.name, e.buffer, e.segment, count(*) FROM entries e JOIN streams s ON s.id = "
                           "e.stream GROUP BY s.name, e.buffer, e.segment",
                           Life::once);
    while (counts.step()) {
      const auto segment = static_cast<std::uint64_t>(counts.column_integer(2));
      if (in_doubt_.contains({std::string(counts.column_text(1)), segment})) continue;
      rows[std::string(counts.column_text(0))] += static_cast<std::uint64_t>(counts.column_integer(3));
    }
  });
  return rows;
}

bool Quarantine::remove_if_empty() {
  const std::lock_guard lock(mutex_);
  if (db_) {
    const bool holds_rows = guarded([&] {
      SqliteStatement any(*db_, "SELECT 1 FROM entries LIMIT 1", Life::once);
      return any.step();
    });
    if (holds_rows) return false;
    db_.reset();
  } else {
    // One whose making was cut short holds nothing; anything else of that name would have been opened, or refused.
    std::error_code error;
    const auto bytes = std::filesystem::file_size(folder_ / kQuarantineName, error);
    if (error) return true;
    if (bytes > 0 && open_quarantine(folder_, false)) return false;
  }
  crash_point("before an empty quarantine goes");
  ::unlink((folder_ / kQuarantineName).c_str());
  ::unlink((folder_ / kQuarantineJournalName).c_str());
  return true;
}

std::vector<Retry> Quarantine::retries() const {
  const std::lock_guard lock(mutex_);
  std::vector<Retry> found;
  if (!db_) return found;
  guarded([&] {
    SqliteStatement all(*db_,
                        "SELECT r.segment, s.declaration, r.rows, (SELECT sum(length(e.record)) FROM entries e WHERE "
                        "e.retry = r.segment) FROM retries r JOIN streams s ON s.id = r.stream ORDER BY r.segment",
                        Life::once);
    while (all.step()) {
      found.push_back({static_cast<std::uint64_t>(all.column_integer(0)), stream_from_json(all.column_text(1)),
                       static_cast<std::uint64_t>(all.column_integer(2)),
                       static_cast<std::uint64_t>(all.column_integer(3))});
    }
  });
  return found;
}

std::vector<Retry> Quarantine::begin_retries(const std::string& stream, std::uint64_t rows_max,
                                             std::uint64_t& unreadable) {
  const std::lock_guard lock(mutex_);
  std::vector<Retry> begun;
  if (!db_) return begun;
  guarded([&] {
    Transaction transaction(*db_);
    const std::vector<Candidate> all = candidates(*db_, stream, in_doubt_, unreadable);
    SqliteStatement mark(*db_, "UPDATE entries SET retry = ?2, retry_row = ?3, refused_again = 0 WHERE rowid = ?1");
    SqliteStatement note(*db_, "INSERT INTO retries VALUES (?1, ?2, ?3)");
    SqliteStatement declaration(*db_, "SELECT declaration FROM streams WHERE id = ?1");
    for (std::size_t first = 0, end = 0; first < all.size(); first = end) {
      const std::uint64_t segment = next_retry(*db_);
      std::uint64_t bytes = 0;
      for (end = first; end < all.size() && all[end].stream == all[first].stream && end - first < rows_max; ++end) {
        mark.bind_integer(1, all[end].id);
        mark.bind_integer(2, signed_of(segment));
        mark.bind_integer(3, signed_of(end - first + 1));
        mark.run();
        bytes += all[end].bytes;
      }
      note.bind_integer(1, signed_of(segment));
      note.bind_integer(2, all[first].stream);
      note.bind_integer(3, signed_of(end - first));
      note.run();
      declaration.bind_integer(1, all[first].stream);
      declaration.step();
      begun.push_back({segment, stream_from_json(declaration.column_text(0)), end - first, bytes});
      declaration.reset();
    }
    transaction.commit();
  });
  crash_point("retries are noted, and not sent");
  return begun;
}

RowSet Quarantine::read_retry(const Retry& retry, std::uint64_t first_row, std::uint64_t last_row) const {
  const std::lock_guard lock(mutex_);
  RowSet rows(retry.stream.columns.size());
  if (db_) {
    guarded([&] {
      SqliteStatement read(*db_,
                           "SELECT retry_row, record FROM entries WHERE retry = ?1 AND retry_row BETWEEN ?2 AND ?3 "
                           "ORDER BY retry_row",
                           Life::once);
      read.bind_integer(1, signed_of(retry.segment));
      read.bind_integer(2, signed_of(first_row));
      read.bind_integer(3, signed_of(last_row));
      const std::uint64_t seed = record_seed(retry.stream);
      while (read.step()) {
        const auto number = static_cast<std::uint64_t>(read.column_integer(0));
        if (!decode_entry(read.column_blob(1), retry.stream, seed, number, rows)) break;
      }
    });
  }
  if (rows.size() != last_row - first_row + 1) {
    throw Error(ErrorCode::damaged, "quarantine " + (folder_ / kQuarantineName).string() + " no longer holds rows " +
                                        std::to_string(first_row) + " to " + std::to_string(last_row) + " of retry " +
                                        std::to_string(retry.segment));
  }
  return rows;
}

void Quarantine::finish_retry(std::uint64_t segment) {
  const std::lock_guard lock(mutex_);
  if (!db_) return;
  crash_point("a retry has landed, before its rows go");
  guarded([&] {
    Transaction transaction(*db_);
    for (const char* sql : {"DELETE FROM entries WHERE retry = ?1 AND refused_again = 0",
                            "UPDATE entries SET attempts = attempts + 1, retry = NULL, retry_row = NULL, "
                            "refused_again = 0 WHERE retry = ?1",
                            "DELETE FROM retries WHERE segment = ?1"}) {
      SqliteStatement statement(*db_, sql, Life::once);
      statement.bind_integer(1, signed_of(segment));
      statement.run();
    }
    transaction.commit();
  });
  crash_point("the rows of a retry are gone");
}

}  // namespace forebay
