#include "sink/sqlite/catalog_files.hpp"

#include <sys/stat.h>

#include "base/destination_url.hpp"
#include "sink/sqlstate.hpp"

namespace forebay {

CatalogFiles::CatalogFiles(const std::string& file, const SqliteConnection& db)
    : file_(file),
      wal_(std::string(sqlite3_db_filename(db.handle(), "main")) + "-wal"),  // beside what a symlink leads to
      file_id_(identity_of(file_)),
      wal_id_(identity_of(wal_)) {
  int moved = 0;
  sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (moved != 0 || file_id_.inode == 0) {
    throw DestinationFailure(
        {FailureClass::retry_batch, "", catalog_name(file_) + " was deleted, renamed or replaced while it was opened"});
  }
}

bool CatalogFiles::stand() const { return identity_of(file_) == file_id_ && identity_of(wal_) == wal_id_; }

CatalogFiles::Identity CatalogFiles::identity_of(const std::string& file) {
  struct stat found = {};
  if (::stat(file.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino};
}

std::string_view no_file_but(const std::string& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) != 0 || S_ISREG(found.st_mode)) return {};
  if (S_ISDIR(found.st_mode)) return "a directory";
  if (S_ISFIFO(found.st_mode)) return "a FIFO";
  if (S_ISSOCK(found.st_mode)) return "a socket";
  return "a device";
}

}  // namespace forebay
