// Rows of the quarantine on their way to the destination once more.

#include <algorithm>
#include <map>

#include "base/clock.hpp"
#include "base/crash_point.hpp"
#include "base/retry_numbers.hpp"
#include "forebay/error.hpp"
#include "quarantine/file.hpp"
#include "quarantine/quarantine.hpp"
#include "sqlite/statement.hpp"

namespace forebay {
namespace {

using Life = SqliteStatement::Life;

/// Never one that was drawn before, as the batch ledger knows rows by it: not even when a file that was damaged is
/// gone, unless the clock is set back as well.
std::uint64_t next_retry(SqliteConnection& db) {
  SqliteStatement last(db, "SELECT segment FROM last_retry", Life::once);
  const std::int64_t number = std::max({wall_us(), kRetryNumbersFrom, (last.step() ? last.column_integer(0) : 0) + 1});
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

std::vector<Retry> Quarantine::retries() const {
  const std::lock_guard lock(mutex_);
  std::vector<Retry> found;
  if (!db_) return found;
  use_quarantine(*db_, [&] {
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

  use_quarantine(*db_, [&] {
    SqliteTransaction transaction(*db_);
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
    use_quarantine(*db_, [&] {
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
  use_quarantine(*db_, [&] {
    SqliteTransaction transaction(*db_);
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
