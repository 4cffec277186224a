#include "sink/sqlite/catalog.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/destination_url.hpp"
#include "base/private_path.hpp"
#include "sink/sqlite/catalog_files.hpp"
#include "sink/sqlstate.hpp"
#include "sqlite/statement.hpp"

namespace forebay {
namespace {

constexpr int kCatalogApplicationId = 0x66726279;  // "frby"

constexpr const char* kLetWrite =
    "; let who runs forebay write to the file and its folder (chown, chmod), or mount it writable";

void make_private_file(const std::string& file) {
  struct stat found = {};
  if (::stat(file.c_str(), &found) == 0) return;

  if (const int error = link_empty_file(file); error != 0) {
    throw DestinationFailure(
        {FailureClass::login_or_target, "", "cannot create the catalog " + file + ": " + std::strerror(error)});
  }
}

/// False for a database with nothing in it. Throws for one that is somebody else's.
bool is_ours(SqliteConnection& db, const std::string& file) {
  const auto id = read_number(db, "PRAGMA application_id");
  if (id == kCatalogApplicationId) return true;
  if (id == 0 && read_number(db, "SELECT count(*) FROM sqlite_schema") == 0) return false;
  throw DestinationFailure(
      {FailureClass::login_or_target, "",
       catalog_name(file) + " is a SQLite database, but not a forebay catalog; name another file"});
}

/// `use` sees the open database first; what SQLite throws becomes a DestinationFailure.
template <typename Use>
SqliteConnection opened(const std::string& file, std::chrono::milliseconds busy_timeout, Use use) {
  std::optional<SqliteConnection> db;
  try {
    db.emplace(file, SQLITE_OPEN_READWRITE);
  } catch (const Error& e) {
    const bool denied = ::access(file.c_str(), R_OK | W_OK) != 0 && (errno == EACCES || errno == EROFS);
    throw DestinationFailure({FailureClass::login_or_target, "", e.what() + std::string(denied ? kLetWrite : "")});
  }

  try {
    db->busy_timeout(busy_timeout);
    use(*db);
    return std::move(*db);
  } catch (const DestinationFailure&) {
    throw;
  } catch (const Error&) {
    throw DestinationFailure(sqlite_failure(*db, false));
  }
}

}  // namespace

FailureClass sqlite_failure_class(int code, bool committing) noexcept {
  const int primary = code & 0xff;
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED || primary == SQLITE_NOMEM) return FailureClass::retry_batch;
  // A COMMIT that fails in the file may still be found in the SQLite WAL when it is read again.
  if (committing) return FailureClass::in_doubt;
  switch (primary) {
    case SQLITE_FULL:
      return FailureClass::unfit_for_now;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return FailureClass::row_refused;
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
      return FailureClass::schema;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return FailureClass::login_or_target;
    default:
      return FailureClass::other;
  }
}

std::string sqlite_sqlstate(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT_CHECK:
      return "23514";
    case SQLITE_CONSTRAINT_NOTNULL:
      return "23502";
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return "23503";
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return "23505";
    case SQLITE_CONSTRAINT_TRIGGER:
      return "P0001";
    case SQLITE_CONSTRAINT_DATATYPE:
    case SQLITE_MISMATCH:
      return "22018";
    case SQLITE_TOOBIG:
      return "54000";
    default:
      return "23000";
  }
}

std::string sqlite_said(const SqliteConnection& db) {
  const bool raised = sqlite3_extended_errcode(db.handle()) == SQLITE_CONSTRAINT_TRIGGER;
  return raised ? "refused by a trigger's RAISE" : sqlite3_errmsg(db.handle());
}

Failure sqlite_failure(const SqliteConnection& db, bool committing) {
  const int code = sqlite3_extended_errcode(db.handle());
  std::string message = catalog_name(db.name()) + ": " + sqlite_said(db);
  switch (code & 0xff) {
    case SQLITE_BUSY:
      message += "; another process holds the catalog's write lock";
      break;
    case SQLITE_READONLY:
      message += kLetWrite;
      break;
    case SQLITE_FULL:
      message += "; make room on its file system";
      break;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      message += "; keep the file aside, and name another";
      break;
    default:
      break;
  }
  return {sqlite_failure_class(code, committing), "", message};
}

SqliteConnection open_catalog(const std::string& file, std::chrono::milliseconds busy_timeout) {
  if (const std::string_view is = no_file_but(file); !is.empty()) {
    throw DestinationFailure(
        {FailureClass::login_or_target, "",
         catalog_name(file) + " is " + std::string(is) + " now; put the catalog back in its place"});
  }
  make_private_file(file);
  return opened(file, busy_timeout, [&](SqliteConnection& db) {
    if (!is_ours(db, file)) db.exec("PRAGMA application_id = " + std::to_string(kCatalogApplicationId));
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  });
}

std::optional<SqliteConnection> open_catalog_to_look(const std::string& file, std::chrono::milliseconds busy_timeout) {
  struct stat found = {};
  if (::stat(file.c_str(), &found) != 0 && errno == ENOENT) return std::nullopt;
  bool ours = false;
  // Opened for writing where that may be: else SQLite would leave the files of its WAL behind.
  SqliteConnection db = opened(file, busy_timeout, [&](SqliteConnection& fresh) {
    fresh.exec("PRAGMA query_only = ON");
    ours = is_ours(fresh, file);
  });
  if (!ours) return std::nullopt;
  return db;
}

}  // namespace forebay
