#pragma once

#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace forebay {

/// A file of sql/, compiled in by scripts/cmake/EmbedSql.cmake.
struct EmbeddedFile {
  std::string_view path;  // "sql/postgres/0001_backup_files.up.sql"
  std::string_view text;
};

std::span<const EmbeddedFile> embedded_sql();  // by path

/// A column that a table has which a migration made, as ADD COLUMN wants it.
struct WantedColumn {
  std::string name;
  std::string definition;     // with its name: "sync_version bigint NOT NULL DEFAULT 0"
  std::string default_value;  // "0"; empty: none
  bool not_null = false;
};

/// One numbered migration of sql/<dialect>/, as compiled in.
struct Migration {
  int number = 0;
  std::string name;        // "backup_files" of 0001_backup_files.up.sql
  std::string_view up;     // creates
  std::string_view down;   // takes back
  std::string_view adopt;  // columns for a table that is there already: see adds(); empty: such a table is in the way
  std::string checksum;    // of `up`, 32 hexadecimal digits (XXH3, 128 bits)

  /// The tables that `down` drops.
  std::vector<std::string> tables() const;
  /// What `adopt` adds to a table of someone's own, instead of `up`.
  std::vector<WantedColumn> adds() const;
  /// The table of another migration that `down` changes back; empty: none.
  std::string alters() const;
};

/// "migration 1 backup_files"
std::string number_and_name(int number, const std::string& name);

/// A row of a destination's forebay_migrations.
struct AppliedMigration {
  int number = 0;
  std::string name, checksum, applied_at;
  bool adopted = false;
};

/// Nullptr where that number is not among them.
const AppliedMigration* find_applied(const std::vector<AppliedMigration>& rows, int number);

/// What another release of forebay left at the destination, a line each: a migration of another text, one that is newer
/// than all of `known`. `rows` by number. `where`: "the database".
std::vector<std::string> oddities(const std::vector<Migration>& known, const std::vector<AppliedMigration>& rows,
                                  const std::string& where);

/// By number, which count from 1 without a hole.
std::vector<Migration> migrations_of(std::string_view dialect);

/// The one that makes this table; nothing where none does, and a stream's declaration may.
std::optional<Migration> maker_of(std::string_view dialect, std::string_view table);

}  // namespace forebay
