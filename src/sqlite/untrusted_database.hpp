#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "sqlite/connection.hpp"

namespace forebay {

/// A file's name as a URI for SQLITE_OPEN_URI: whatever characters it has, they stand for themselves. `parameters`:
/// "nolock=1".
inline std::string file_uri(std::string_view path, std::string_view parameters) {
  std::string uri = path.starts_with('/') ? "file://" : "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      append_hex(uri += '%', c, kUpperHexDigits);
    } else {
      uri += c;
    }
  }
  return (uri += '?') += parameters;
}

/// The name of a SQLite VFS that reads one file through a descriptor that is open already, and can do nothing else: no
/// other file exists in it, nothing can be made, written or removed. Registered beside the default one at first use.
const char* descriptor_vfs();

/// A URI by which that VFS opens the descriptor, with SQLITE_OPEN_READONLY | SQLITE_OPEN_URI. SQLite gets a duplicate;
/// the caller keeps the descriptor.
std::string descriptor_uri(int descriptor);

struct UntrustedLimits {
  int value_bytes_max = 1 << 20;     // of a value, and of a row
  int sql_bytes_max = 1'000'000;     // of one statement in the schema
  int schema_steps_max = 2'000'000;  // of SQLite's virtual machine, to load the schema
};

/// Opens a database that anyone may have made, for reading, through a descriptor (duplicated; closed with the result).
/// Through a file system of its own that knows this one file: no other is looked for, opened or made (no journal, no
/// SQLite WAL, no temporary file), nothing is written, no locks are taken. So the file must not change meanwhile.
/// Triggers, views, extensions, attaching and everything but SELECT and PRAGMA quick_check are off.
/// `name` is what messages call it. Throws SqliteError: SQLITE_INTERRUPT when the schema has no end.
SqliteConnection open_untrusted(int descriptor, const std::string& name, const UntrustedLimits& limits);

/// PRAGMA quick_check: empty when the structure is sound, else the first finding in SQLite's words.
std::string quick_check(SqliteConnection& connection);

}  // namespace forebay
