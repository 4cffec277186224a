#include "quarantine/quarantine.hpp"

#include <unistd.h>

#include "base/clock.hpp"
#include "base/crash_point.hpp"
#include "base/human.hpp"
#include "quarantine/file.hpp"
#include "sqlite/statement.hpp"

namespace forebay {

namespace {

using Life = SqliteStatement::Life;

constexpr std::size_t kKeyBytesMax = 8192;  // of a column

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

/// Takes out rows of a buffer's segment, or notes that rows of a retry were not refused again.
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
  const std::int64_t now = wall_us();
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
    mark.bind_integer(6, wall_us());
    mark.run();
  }
}

}  // namespace

Quarantine::Quarantine(std::filesystem::path folder, std::string buffer)
    : folder_(std::move(folder)), buffer_(std::move(buffer)), db_(open_quarantine(folder_, /*make=*/false)) {}

SqliteConnection& Quarantine::made() {
  if (!db_) db_ = open_quarantine(folder_, /*make=*/true);
  return *db_;
}

void Quarantine::keep(const std::vector<SegmentRefusals>& refusals) {
  const std::lock_guard lock(mutex_);
  SqliteConnection& db = made();
  use_quarantine(db, [&] {
    SqliteTransaction transaction(db);
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

  use_quarantine(*db_, [&] {
    SqliteStatement any(*db_,
                        is_retry ? "SELECT 1 FROM entries WHERE retry = ?2 AND refused_again = 1"
                                 : "SELECT 1 FROM entries WHERE buffer = ?1 AND segment = ?2",
                        Life::once);
    if (!is_retry) any.bind_text(1, buffer);
    any.bind_integer(2, signed_of(segment));
    const bool nothing = !any.step();
    any.reset();
    if (nothing) return;  // the usual case, and no write

    SqliteTransaction transaction(*db_);
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

  use_quarantine(*db_, [&] {
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
    const bool holds_rows = use_quarantine(*db_, [&] {
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

namespace {

/// Not in files that never gave anything up, and of no matter to releases that know nothing of it.
constexpr const char* kDroppedTable =
    "CREATE TABLE IF NOT EXISTS dropped (stream TEXT PRIMARY KEY, rows INTEGER NOT NULL) STRICT";

}  // namespace

std::map<std::string, std::uint64_t> Quarantine::give_up(const std::vector<EntryName>& entries) {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::uint64_t> gone;
  if (!db_) return gone;

  use_quarantine(*db_, [&] {
    SqliteTransaction transaction(*db_);
    db_->exec(kDroppedTable);
    SqliteStatement find(*db_,
                         "SELECT e.rowid, s.name FROM entries e JOIN streams s ON s.id = e.stream WHERE e.buffer = ?1 "
                         "AND e.segment = ?2 AND e.row = ?3 AND e.retry IS NULL");
    SqliteStatement remove(*db_, "DELETE FROM entries WHERE rowid = ?1");
    for (const EntryName& entry : entries) {
      if (in_doubt_.contains({entry.buffer, entry.segment})) continue;
      find.bind_text(1, entry.buffer);
      find.bind_integer(2, signed_of(entry.segment));
      find.bind_integer(3, signed_of(entry.row));
      if (find.step()) {
        ++gone[std::string(find.column_text(1))];
        remove.bind_integer(1, find.column_integer(0));
        remove.run();
      }
      find.reset();
    }

    SqliteStatement count(
        *db_, "INSERT INTO dropped VALUES (?1, ?2) ON CONFLICT (stream) DO UPDATE SET rows = rows + excluded.rows");
    for (const auto& [stream, rows] : gone) {
      count.bind_text(1, stream);
      count.bind_integer(2, signed_of(rows));
      count.run();
    }
    transaction.commit();
  });
  return gone;
}

std::map<std::string, std::uint64_t> Quarantine::given_up() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::uint64_t> rows;
  if (!db_) return rows;
  use_quarantine(*db_, [&] {
    if (read_number(*db_, "SELECT count(*) FROM sqlite_schema WHERE name = 'dropped'") == 0) return;
    SqliteStatement all(*db_, "SELECT stream, rows FROM dropped", Life::once);
    while (all.step()) rows[std::string(all.column_text(0))] = static_cast<std::uint64_t>(all.column_integer(1));
  });
  return rows;
}

}  // namespace forebay
