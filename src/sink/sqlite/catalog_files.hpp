#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "sqlite/connection.hpp"

namespace forebay {

/// Which files stood under a catalog's name when it was opened: its own and its SQLite WAL's. A connection goes on
/// writing into a file that was deleted, renamed or replaced, and nobody finds these rows.
class CatalogFiles {
 public:
  /// Of an open database that has been read, as there is a WAL from then on. Throws DestinationFailure(retry_batch) if
  /// another file than the one that is open has the name by now.
  CatalogFiles(const std::string& file, const SqliteConnection& db);

  /// Whether they still stand there.
  bool stand() const;

 private:
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;  // 0: none is there
    bool operator==(const Identity&) const = default;
  };
  static Identity identity_of(const std::string& file);

  std::string file_, wal_;
  Identity file_id_, wal_id_;
};

/// What a path leads to that no database can be in ("a directory", "a device"); empty: a file, or nothing.
std::string_view no_file_but(const std::string& path);

}  // namespace forebay
