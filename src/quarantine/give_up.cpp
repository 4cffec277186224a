// Rows of the quarantine that a person gives up.

#include "quarantine/file.hpp"
#include "quarantine/quarantine.hpp"
#include "sqlite/statement.hpp"

namespace forebay {
namespace {

using Life = SqliteStatement::Life;

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
