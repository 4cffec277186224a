#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forebay {

/// One numbered migration of sql/<dialect>/, as compiled in.
struct Migration {
  int number = 0;
  std::string name;        // "backup_files" of 0001_backup_files.up.sql
  std::string_view up;     // creates
  std::string_view down;   // takes back
  std::string_view adopt;  // what is run instead of `up` where the table is there already; empty: there is no such way
  std::string checksum;    // of `up`, 32 hexadecimal digits (XXH3, 128 bits)

  /// The tables that `down` drops.
  std::vector<std::string> tables() const;
  /// The table of another migration that `down` changes back; empty: none.
  std::string alters() const;
};

/// "migration 1 backup_files"
std::string number_and_name(int number, const std::string& name);

/// By number, which count from 1 without a hole.
std::vector<Migration> migrations_of(std::string_view dialect);

/// The one that makes this table; nothing where none does, and a stream's declaration may.
std::optional<Migration> maker_of(std::string_view dialect, std::string_view table);

}  // namespace forebay
