#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "journal/format.hpp"
#include "sqlite/connection.hpp"

namespace forebay {

/// Files of a buffer's folder that hold its refused rows; docs/quarantine-format.md.
inline constexpr const char* kQuarantineName = "quarantine.db";
inline constexpr const char* kQuarantineJournalName = "quarantine.db-journal";  // SQLite's

inline constexpr std::int64_t kQuarantineApplicationId = 0x66726271;  // "frbq"
inline constexpr std::int64_t kQuarantineFormat = 1;

/// Whether the folder's quarantine is another user's, as the folder is: nothing here may read it, and it is not
/// damaged.
bool quarantine_is_of_another(const std::filesystem::path& folder);

/// Opens the folder's quarantine, for reading or writing beside other processes; nothing when there is none, or one
/// that holds nothing yet, and none is to be made. One that is made has its name on the disk when this returns.
/// Throws Error: damaged (no quarantine, or its pages are not in order), not_built_yet (a newer format), local.
/// Its file is never opened in another way: closing that would drop the locks that SQLite has on it in this process.
std::optional<SqliteConnection> open_quarantine(const std::filesystem::path& folder, bool make);

/// In a handler that has caught this error of SQLite on it: throws Error(damaged) when the file is what is wrong, else
/// the error as it was.
[[noreturn]] void quarantine_failed(const SqliteError& error, const SqliteConnection& db);

/// Runs `use` on it, with errors like that.
template <typename Use>
auto use_quarantine(const SqliteConnection& db, Use use) {
  try {
    return use();
  } catch (const SqliteError& e) {
    quarantine_failed(e, db);
  }
}

/// Numbers of segments and rows, as SQLite's integers.
inline std::int64_t signed_of(std::uint64_t n) { return static_cast<std::int64_t>(n); }

// A refused row's version and values, as bytes: one record of a journal (docs/journal-format.md), its checksum seeded
// with the stream's declaration.

std::uint64_t record_seed(const Stream& stream);
std::string encode_entry(std::int64_t version, std::span<const Value> values, std::uint64_t seed);
/// Adds the row under this number; false when the bytes are no record of that stream, or are damaged.
bool decode_entry(std::string_view record, const Stream& stream, std::uint64_t seed, std::uint64_t row_number,
                  RowSet& rows);

}  // namespace forebay
