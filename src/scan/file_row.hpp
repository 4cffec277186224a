#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "forebay/file_record.hpp"
#include "forebay/value.hpp"

namespace forebay {

/// A FileRecord as a row of backup_files_stream(). Keep one per producer thread: it owns the room for what a row needs
/// made (permissions, escaped forms), so that a row with a short UTF-8 path costs no allocation.
class FileRow {
 public:
  FileRow();
  /// The columns in the stream's order, borrowed from the record and from this object: valid until the next call.
  /// Throws Error(usage) for a path that is not absolute and canonical, or a file_type that is none.
  std::span<const Value> fill(const FileRecord& record);

 private:
  std::vector<Value> values_;
  std::array<char, 4> permissions_{};
  std::string path_, key_, directory_, name_, display_, owner_, group_;
};

/// A BackupSet as a row of backup_sets_stream(); as FileRow.
class BackupSetRow {
 public:
  BackupSetRow();
  std::span<const Value> fill(const BackupSet& set);
  std::span<const Value> fill(BackupSet&& set) = delete;  // the row borrows the set's strings

 private:
  std::vector<Value> values_;
  std::string name_, root_, host_;
};

/// Whether every destination can hold the time: not before 4714-11-24 BC (PostgreSQL's first day, which its manual
/// calls 4713 BC). Microseconds in 64 bits end in 294247 AD, before PostgreSQL does.
bool holds_time(std::int64_t us) noexcept;

/// The time, or null where no destination could hold it.
Value timestamp_or_null(std::optional<std::int64_t> us);

}  // namespace forebay
