#include "quarantine/view.hpp"

#include <limits>
#include <optional>
#include <system_error>

#include "forebay/error.hpp"
#include "journal/reader.hpp"
#include "quarantine/file.hpp"
#include "sqlite/statement.hpp"

namespace forebay {
namespace {

using Life = SqliteStatement::Life;

/// Runs `use` on the folder's quarantine, if there is one.
template <typename Use>
void with_quarantine(const std::filesystem::path& folder, Use use) {
  std::optional<SqliteConnection> db = open_quarantine(folder, /*make=*/false);
  if (db) use_quarantine(*db, [&] { use(*db); });
}

std::uint64_t unsigned_at(const SqliteStatement& q, int column) {
  return static_cast<std::uint64_t>(q.column_integer(column));
}

void read_values(std::string_view declaration, std::string_view record, QuarantinedRow& row) {
  row.declared = stream_from_json(declaration);
  RowSet values(row.declared.columns.size());
  if (decode_entry(record, row.declared, record_seed(row.declared), 1, values)) row.values = std::move(values);
}

}  // namespace

SegmentsInDoubt segments_in_doubt(const std::filesystem::path& folder) {
  SegmentsInDoubt found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".journal" || !entry.is_regular_file(error)) continue;
    try {
      const JournalReader reader(entry.path());
      found.insert({reader.header().buffer, reader.header().segment});
    } catch (const Error&) {
      continue;  // a spare one, or one that is told elsewhere
    }
  }
  return found;
}

std::map<std::string, std::uint64_t> count_quarantined(const std::filesystem::path& folder,
                                                       const SegmentsInDoubt& in_doubt) {
  std::map<std::string, std::uint64_t> rows;
  with_quarantine(folder, [&](SqliteConnection& db) {
    SqliteStatement q(db,
                      "SELECT s.name, e.buffer, e.segment, count(*) FROM entries e JOIN streams s ON s.id = e.stream "
                      "GROUP BY s.name, e.buffer, e.segment",
                      Life::once);
    while (q.step()) {
      if (in_doubt.contains({std::string(q.column_text(1)), unsigned_at(q, 2)})) continue;
      rows[std::string(q.column_text(0))] += unsigned_at(q, 3);
    }
  });
  return rows;
}

std::set<std::string> quarantine_streams(const std::filesystem::path& folder) {
  std::set<std::string> names;
  with_quarantine(folder, [&](SqliteConnection& db) {
    SqliteStatement q(db, "SELECT name FROM streams", Life::once);
    while (q.step()) names.emplace(q.column_text(0));
  });
  return names;
}

std::vector<QuarantinedRow> read_quarantine(const std::filesystem::path& folder, const std::string& stream,
                                            std::uint64_t rows_max, bool with_values) {
  std::vector<QuarantinedRow> rows;
  with_quarantine(folder, [&](SqliteConnection& db) {
    SqliteStatement q(db,
                      "SELECT s.name, e.key, e.version, e.segment, e.row, e.sqlstate, e.constraint_name, e.message, "
                      "e.attempts, e.first_us, e.last_us, e.retry IS NOT NULL, e.buffer, s.declaration, e.record FROM "
                      "entries e JOIN streams s ON s.id = "
                      "e.stream WHERE ?1 = '' OR s.name = ?1 ORDER BY e.rowid LIMIT ?2",
                      Life::once);
    q.bind_text(1, stream);
    q.bind_integer(2, rows_max == 0 ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(rows_max));

    while (q.step()) {
      QuarantinedRow r;
      r.stream = q.column_text(0);
      r.key = q.column_text(1);
      r.version = q.column_integer(2);
      r.segment = unsigned_at(q, 3);
      r.row = unsigned_at(q, 4);
      r.sqlstate = q.column_text(5);
      r.constraint = q.column_text(6);
      r.message = q.column_text(7);
      r.attempts = unsigned_at(q, 8);
      r.first_us = q.column_integer(9);
      r.last_us = q.column_integer(10);
      r.being_retried = q.column_integer(11) != 0;
      r.buffer = q.column_text(12);
      if (with_values) read_values(q.column_text(13), q.column_blob(14), r);
      rows.push_back(std::move(r));
    }
  });
  return rows;
}

std::uint64_t copy_quarantine(const std::filesystem::path& folder,
                              const std::function<void(const QuarantineCopy&)>& take) {
  constexpr std::size_t kRowsAtOnce = 1000;
  std::uint64_t unreadable = 0;
  with_quarantine(folder, [&](SqliteConnection& db) {
    db.exec("BEGIN");  // one picture for all streams
    SqliteStatement streams(db, "SELECT id, declaration FROM streams ORDER BY id");
    SqliteStatement entries(db, "SELECT record FROM entries WHERE stream = ?1 ORDER BY rowid");
    while (streams.step()) {
      QuarantineCopy copy{stream_from_json(streams.column_text(1)), RowSet(0)};
      const std::size_t columns = copy.stream.columns.size();
      copy.rows = RowSet(columns);

      const std::uint64_t seed = record_seed(copy.stream);
      std::uint64_t number = 0;
      entries.bind_integer(1, streams.column_integer(0));
      while (entries.step()) {
        if (!decode_entry(entries.column_blob(0), copy.stream, seed, number + 1, copy.rows)) {
          ++unreadable;
          continue;
        }
        ++number;
        if (copy.rows.size() < kRowsAtOnce) continue;
        take(copy);
        copy.rows = RowSet(columns);
      }

      entries.reset();
      if (copy.rows.size() > 0) take(copy);
    }

    db.exec("COMMIT");
  });
  return unreadable;
}

}  // namespace forebay
