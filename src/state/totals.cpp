#include "state/totals.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <utility>

#include "base/clock.hpp"
#include "base/private_path.hpp"
#include "forebay/error.hpp"
#include "sqlite/statement.hpp"

namespace forebay {
namespace {

constexpr std::int64_t kTotalsApplicationId = 0x66726274;  // "frbt"
constexpr std::int64_t kTotalsFormat = 1;
/// Kept by buffer: enough to look back at, and few enough to be read in a moment.
constexpr std::int64_t kRowsByBuffer = 1000;

constexpr const char* kTotalsSchema = R"(
CREATE TABLE buffer_totals (
  buffer TEXT NOT NULL, destination TEXT NOT NULL, stream TEXT NOT NULL, synced INTEGER NOT NULL,
  superseded INTEGER NOT NULL, quarantined INTEGER NOT NULL, lost INTEGER NOT NULL, recorded_us INTEGER NOT NULL,
  PRIMARY KEY (buffer, destination, stream)) STRICT, WITHOUT ROWID;
CREATE TABLE folded_totals (
  destination TEXT NOT NULL, stream TEXT NOT NULL, buffers INTEGER NOT NULL, synced INTEGER NOT NULL,
  superseded INTEGER NOT NULL, quarantined INTEGER NOT NULL, lost INTEGER NOT NULL,
  PRIMARY KEY (destination, stream)) STRICT, WITHOUT ROWID;
)";
// Added to files of format 1: releases that know nothing of these tables leave them alone. Seldom written to, so never
// folded.
constexpr const char* kLaterTables = R"(
CREATE TABLE IF NOT EXISTS missing_rows (
  buffer TEXT NOT NULL, destination TEXT NOT NULL, rows INTEGER NOT NULL,
  PRIMARY KEY (buffer, destination)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dropped_rows (
  buffer TEXT NOT NULL, destination TEXT NOT NULL, stream TEXT NOT NULL, rows INTEGER NOT NULL,
  PRIMARY KEY (buffer, destination, stream)) STRICT, WITHOUT ROWID;
)";

using Life = SqliteStatement::Life;

/// To be called where an error was caught: goes on with it, or with a better one.
[[noreturn]] void fail(const std::filesystem::path& file, const SqliteConnection& db) {
  const int code = sqlite3_errcode(db.handle()) & 0xff;
  if (code != SQLITE_NOTADB && code != SQLITE_CORRUPT) throw;
  throw Error(ErrorCode::damaged,
              "the totals in " + file.string() + " are damaged; move the file away, and they begin anew");
}

/// Throws when it is a database of something else or of a newer forebay.
void check_format(SqliteConnection& db, const std::filesystem::path& file) {
  if (read_number(db, "PRAGMA application_id") != kTotalsApplicationId) {
    throw Error(ErrorCode::damaged, file.string() + " is a database, but not one of forebay's totals; move it away");
  }
  if (read_number(db, "PRAGMA user_version") > kTotalsFormat) {
    throw Error(ErrorCode::not_built_yet,
                "the totals in " + file.string() + " are of a format newer than this forebay, which leaves them alone");
  }
}

/// Makes sure that a regular file of ours is there; false when it is not, and is not to be made.
bool find_file(const std::filesystem::path& file, bool make) {
  struct stat st = {};
  if (::lstat(file.c_str(), &st) == 0) {
    if (S_ISREG(st.st_mode) && st.st_uid == ::geteuid()) return true;
    if (const std::string elsewhere = belongs_elsewhere(file); !elsewhere.empty()) {
      throw Error(ErrorCode::local, file.string() + " " + elsewhere);
    }
    throw Error(ErrorCode::local, file.string() + " is no file of this user's, so no totals are kept; remove it");
  }

  int error = errno;
  if (error == ENOENT && !make) return false;
  if (error == ENOENT) error = link_empty_file(file);
  if (error == 0) return true;
  throw Error(ErrorCode::local, "cannot make " + file.string() + ": " + std::generic_category().message(error));
}

/// Runs `use` on the file. None when it does not exist and is not to be made.
template <typename Use>
auto with_totals(const std::filesystem::path& state_directory, bool make, Use use)
    -> std::optional<decltype(use(std::declval<SqliteConnection&>()))> {
  std::error_code error;
  const std::filesystem::path directory = std::filesystem::canonical(state_directory, error);
  if (error && !make) return std::nullopt;
  if (error) throw Error(ErrorCode::local, "cannot find " + state_directory.string() + ": " + error.message());

  const std::filesystem::path file = directory / "totals.db";
  if (!find_file(file, make)) return std::nullopt;
  SqliteConnection db(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW);

  try {
    db.busy_timeout(std::chrono::seconds(5));
    return use(db);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::local) throw;
    fail(file, db);
  }
}

void make_schema(SqliteConnection& db, const std::filesystem::path& file) {
  if (read_number(db, "SELECT count(*) FROM sqlite_schema") == 0) {
    db.exec("PRAGMA application_id = " + std::to_string(kTotalsApplicationId) +
            "; PRAGMA user_version = " + std::to_string(kTotalsFormat));
    db.exec(kTotalsSchema);
  }
  check_format(db, file);
  db.exec(kLaterTables);
}

bool folder_is_there(const std::filesystem::path& state_directory, const std::string& buffer) {
  struct stat st = {};
  return ::lstat((state_directory / "buffers" / buffer).c_str(), &st) == 0;
}

/// Takes the oldest buffers' rows into the sums. Not those whose folder is there: an adopter will record them again.
void fold(SqliteConnection& db, const std::filesystem::path& state_directory) {
  const std::int64_t rows = read_number(db, "SELECT count(*) FROM buffer_totals");
  if (rows <= kRowsByBuffer) return;

  std::vector<std::string> buffers;
  {
    // More than need be, so that this is not done at every end.
    SqliteStatement oldest(db, "SELECT buffer FROM buffer_totals GROUP BY buffer ORDER BY min(recorded_us) LIMIT ?1",
                           Life::once);
    oldest.bind_integer(1, rows - kRowsByBuffer / 2);
    while (oldest.step()) buffers.emplace_back(oldest.column_text(0));
  }

  SqliteStatement add(
      db,
      "INSERT INTO folded_totals SELECT destination, stream, 1, synced, superseded, quarantined, lost FROM "
      "buffer_totals WHERE buffer = ?1 ON CONFLICT (destination, stream) DO UPDATE SET buffers = buffers + 1, "
      "synced = synced + excluded.synced, superseded = superseded + excluded.superseded, "
      "quarantined = quarantined + excluded.quarantined, lost = lost + excluded.lost");
  SqliteStatement remove(db, "DELETE FROM buffer_totals WHERE buffer = ?1");

  for (const std::string& buffer : buffers) {
    if (folder_is_there(state_directory, buffer)) continue;
    for (SqliteStatement* statement : {&add, &remove}) {
      statement->bind_text(1, buffer);
      statement->run();
    }
  }
}

void replace(SqliteConnection& db, const BufferTotals& totals) {
  const auto of_this_buffer = [&](const char* sql) {
    SqliteStatement statement(db, sql, Life::once);
    statement.bind_text(1, totals.buffer);
    statement.bind_text(2, totals.destination);
    statement.run();
  };

  // What was lost stays so, whoever counts the rest again.
  of_this_buffer(
      "UPDATE buffer_totals SET synced = 0, superseded = 0, quarantined = 0 WHERE buffer = ?1 AND destination = ?2");
  // What is in quarantine is so once, wherever it was refused first.
  if (totals.quarantine == BufferTotals::Quarantine::set_aside)
    of_this_buffer("UPDATE buffer_totals SET lost = lost + quarantined WHERE buffer = ?1 AND destination <> ?2");
  if (totals.quarantine != BufferTotals::Quarantine::unread)
    of_this_buffer("UPDATE buffer_totals SET quarantined = 0 WHERE buffer = ?1 AND destination <> ?2");

  SqliteStatement insert(
      db,
      "INSERT INTO buffer_totals VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (buffer, destination, stream) DO "
      "UPDATE SET synced = excluded.synced, superseded = excluded.superseded, quarantined = excluded.quarantined, "
      "lost = max(lost, excluded.lost), recorded_us = excluded.recorded_us");
  const std::int64_t recorded_us = wall_us();
  for (const auto& [stream, of] : totals.streams) {
    insert.bind_text(1, totals.buffer);
    insert.bind_text(2, totals.destination);
    insert.bind_text(3, stream);
    insert.bind_integer(4, static_cast<std::int64_t>(of.synced));
    insert.bind_integer(5, static_cast<std::int64_t>(of.superseded));
    insert.bind_integer(6, static_cast<std::int64_t>(of.quarantined));
    insert.bind_integer(7, static_cast<std::int64_t>(of.lost));
    insert.bind_integer(8, recorded_us);
    insert.run();
  }

  of_this_buffer(
      "DELETE FROM buffer_totals WHERE buffer = ?1 AND destination = ?2 AND synced + superseded + quarantined + lost = "
      "0");
}

/// Neither is ever taken back: who counts again may know of less.
void add_missing_and_dropped(SqliteConnection& db, const BufferTotals& totals) {
  if (totals.missing > 0) {
    SqliteStatement missing(db,
                            "INSERT INTO missing_rows VALUES (?1, ?2, ?3) ON CONFLICT (buffer, destination) DO UPDATE "
                            "SET rows = max(rows, excluded.rows)",
                            Life::once);
    missing.bind_text(1, totals.buffer);
    missing.bind_text(2, totals.destination);
    missing.bind_integer(3, static_cast<std::int64_t>(totals.missing));
    missing.run();
  }

  for (const auto& [stream, of] : totals.streams) {
    if (of.dropped == 0) continue;
    SqliteStatement dropped(db,
                            "INSERT INTO dropped_rows VALUES (?1, ?2, ?3, ?4) ON CONFLICT (buffer, destination, "
                            "stream) DO UPDATE SET rows = max(rows, excluded.rows)",
                            Life::once);
    dropped.bind_text(1, totals.buffer);
    dropped.bind_text(2, totals.destination);
    dropped.bind_text(3, stream);
    dropped.bind_integer(4, static_cast<std::int64_t>(of.dropped));
    dropped.run();
  }
}

bool has_later_tables(SqliteConnection& db) {
  return read_number(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('missing_rows', 'dropped_rows')") == 2;
}

}  // namespace

void record_totals(const std::filesystem::path& state_directory, const BufferTotals& totals) {
  with_totals(state_directory, /*make=*/true, [&](SqliteConnection& db) {
    // Flushed: the folder goes next, and with it all else that knew.
    db.exec("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
    make_schema(db, db.name());
    replace(db, totals);
    add_missing_and_dropped(db, totals);
    fold(db, state_directory);
    db.exec("COMMIT");
    return true;
  });
}

void record_dropped(const std::filesystem::path& state_directory, const std::string& buffer,
                    const std::string& destination, const std::map<std::string, DroppedRows>& streams) {
  with_totals(state_directory, /*make=*/true, [&](SqliteConnection& db) {
    db.exec("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
    make_schema(db, db.name());

    BufferTotals totals{buffer, destination, {}};
    SqliteStatement left(db,
                         "UPDATE buffer_totals SET quarantined = min(quarantined, ?3) WHERE buffer = ?1 AND stream = "
                         "?2");
    for (const auto& [stream, rows] : streams) {
      totals.streams[stream].dropped = rows.dropped;
      left.bind_text(1, buffer);
      left.bind_text(2, stream);
      left.bind_integer(3, static_cast<std::int64_t>(rows.left));
      left.run();
    }

    add_missing_and_dropped(db, totals);
    db.exec("COMMIT");
    return true;
  });
}

std::vector<FinishedTotals> read_totals(const std::filesystem::path& state_directory) {
  auto all = with_totals(state_directory, /*make=*/false, [&](SqliteConnection& db) {
    std::vector<FinishedTotals> found;
    if (read_number(db, "SELECT count(*) FROM sqlite_schema") == 0) return found;  // just being made
    check_format(db, db.name());

    std::string rows =
        "SELECT destination, stream, buffers, synced, superseded, quarantined, lost, 0 AS dropped, 0 AS missing FROM "
        "folded_totals UNION ALL SELECT destination, stream, 1, synced, superseded, quarantined, lost, 0, 0 FROM "
        "buffer_totals";
    if (has_later_tables(db)) {
      rows +=
          " UNION ALL SELECT destination, stream, 0, 0, 0, 0, 0, rows, 0 FROM dropped_rows UNION ALL SELECT "
          "destination, '', 0, 0, 0, 0, 0, 0, rows FROM missing_rows";
    }

    SqliteStatement sums(db,
                         "SELECT destination, stream, sum(buffers), sum(synced), sum(superseded), sum(quarantined), "
                         "sum(lost), sum(dropped), sum(missing) FROM (" +
                             rows + ") GROUP BY destination, stream ORDER BY destination, stream",
                         Life::once);
    const auto number = [&](int column) { return static_cast<std::uint64_t>(sums.column_integer(column)); };
    while (sums.step()) {
      FinishedTotals t;
      t.destination = sums.column_text(0);
      t.stream = sums.column_text(1);
      t.buffers = number(2);
      t.synced = number(3);
      t.superseded = number(4);
      t.quarantined = number(5);
      t.dropped = number(7);
      t.missing = number(8);
      t.lost = number(6) + t.dropped + t.missing;
      t.accepted = t.synced + t.superseded + t.quarantined + t.lost;
      found.push_back(std::move(t));
    }
    return found;
  });
  return all.value_or(std::vector<FinishedTotals>{});
}

}  // namespace forebay
