#include "quarantine/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <system_error>

#include "base/io.hpp"
#include "base/private_path.hpp"
#include "forebay/error.hpp"
#include "sqlite/statement.hpp"
#include "sqlite/untrusted_database.hpp"

namespace forebay {

namespace {

using Life = SqliteStatement::Life;

constexpr const char* kQuarantineSchema = R"(
CREATE TABLE streams (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, declaration TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE entries (
  buffer TEXT NOT NULL, segment INTEGER NOT NULL, row INTEGER NOT NULL, stream INTEGER NOT NULL REFERENCES streams (id),
  key TEXT NOT NULL, version INTEGER NOT NULL, record BLOB NOT NULL, sqlstate TEXT NOT NULL,
  constraint_name TEXT NOT NULL, message TEXT NOT NULL, attempts INTEGER NOT NULL, first_us INTEGER NOT NULL,
  last_us INTEGER NOT NULL, retry INTEGER, retry_row INTEGER, refused_again INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (buffer, segment, row)) STRICT;
CREATE UNIQUE INDEX entries_by_retry ON entries (retry, retry_row) WHERE retry IS NOT NULL;
CREATE TABLE retries (
  segment INTEGER PRIMARY KEY, stream INTEGER NOT NULL REFERENCES streams (id), rows INTEGER NOT NULL) STRICT;
CREATE TABLE last_retry (segment INTEGER NOT NULL) STRICT;
INSERT INTO last_retry VALUES (0);
)";

/// Whether a regular file of ours is there.
bool find_file(const std::filesystem::path& file) {
  struct stat st = {};
  if (::lstat(file.c_str(), &st) != 0) {
    if (errno == ENOENT) return false;
    throw Error(ErrorCode::local, "cannot look at " + file.string() + ": " + std::generic_category().message(errno));
  }

  if (S_ISREG(st.st_mode) && st.st_uid == ::geteuid()) return true;
  if (const std::string elsewhere = belongs_elsewhere(file); !elsewhere.empty()) {
    throw Error(ErrorCode::local, file.string() + " " + elsewhere);
  }
  throw Error(ErrorCode::local, file.string() +
                                    " is no file of this user's, so it is no quarantine; look who put it "
                                    "there");
}

/// Mode 0600, which SQLite would not see to.
void make_file(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) {
    throw Error(ErrorCode::local, "cannot make " + file.string() + ": " + std::generic_category().message(errno));
  }
  ::close(fd);
}

void make_schema(SqliteConnection& db) {
  db.exec("BEGIN IMMEDIATE; PRAGMA application_id = " + std::to_string(kQuarantineApplicationId) +
          "; PRAGMA user_version = " + std::to_string(kQuarantineFormat));
  db.exec(kQuarantineSchema);
  db.exec("COMMIT");
}

void check_format(SqliteConnection& db) {
  if (read_number(db, "PRAGMA application_id") != kQuarantineApplicationId) {
    throw Error(ErrorCode::damaged, db.name() + " is a database, but not one of forebay's quarantines");
  }
  if (read_number(db, "PRAGMA user_version") > kQuarantineFormat) {
    throw Error(ErrorCode::not_built_yet,
                "quarantine " + db.name() + " is of a format newer than this forebay, which leaves it alone");
  }

  const std::string finding = quick_check(db);
  if (!finding.empty()) throw Error(ErrorCode::damaged, "quarantine " + db.name() + " is damaged: " + finding);
}

}  // namespace

void quarantine_failed(const SqliteError& error, const SqliteConnection& db) {
  if (error.primary_code() != SQLITE_NOTADB && error.primary_code() != SQLITE_CORRUPT) throw;
  throw Error(ErrorCode::damaged, "quarantine " + db.name() + " is damaged: " + error.what());
}

bool quarantine_is_of_another(const std::filesystem::path& folder) {
  return !belongs_elsewhere(folder / kQuarantineName).empty();
}

std::optional<SqliteConnection> open_quarantine(const std::filesystem::path& folder, bool make) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(folder, error);  // SQLite is to follow no link
  if (error && !make) return std::nullopt;
  if (error) throw Error(ErrorCode::local, "cannot find " + folder.string() + ": " + error.message());

  const std::filesystem::path file = real / kQuarantineName;
  bool made = false;
  if (!find_file(file)) {
    if (!make) return std::nullopt;
    make_file(file);
    made = true;
  }

  SqliteConnection db(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW);
  try {
    db.busy_timeout(std::chrono::seconds(5));
    // Not SQLite's WAL: two files more, and one that goes missing would take rows with it. TRUNCATE with FULL flushes
    // the end of a transaction, too.
    db.exec("PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL");
    if (read_number(db, "SELECT count(*) FROM sqlite_schema") == 0) {
      if (!make) return std::nullopt;
      make_schema(db);
      made = true;
    }
    check_format(db);
    if (made) flush_posix_folder(real);
    return db;
  } catch (const SqliteError& e) {
    quarantine_failed(e, db);
  }
}

std::uint64_t record_seed(const Stream& stream) {
  const std::string declaration = stream_to_json(stream);
  return XXH3_64bits(declaration.data(), declaration.size());
}

std::string encode_entry(std::int64_t version, std::span<const Value> values, std::uint64_t seed) {
  std::string record;
  std::uint64_t digest = 0;  // of a whole journal; nothing here
  append_record(record, version, values, seed, digest);
  return record;
}

bool decode_entry(std::string_view record, const Stream& stream, std::uint64_t seed, std::uint64_t row_number,
                  RowSet& rows) {
  if (record.size() < kRecordHeadBytes) return false;
  std::uint32_t size = 0;
  std::uint32_t checksum = 0;
  std::memcpy(&size, record.data(), sizeof size);
  std::memcpy(&checksum, record.data() + sizeof size, sizeof checksum);
  const std::string_view body = record.substr(kRecordHeadBytes);
  return body.size() == size && record_checksum(body, seed) == checksum &&
         decode_record(body, stream, row_number, rows);
}

}  // namespace forebay
