#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/row_set.hpp"
#include "journal/file.hpp"
#include "journal/format.hpp"

namespace forebay {

/// Writes one segment's journal. Rows gather in memory until commit() hands them to the kernel in one write. After an
/// error the file is not to be trusted; the owner starts another one from the segment's rows. One thread at a time.
class JournalWriter {
 public:
  /// `file` is empty.
  JournalWriter(std::shared_ptr<JournalFile> file, const JournalHeader& header);
  /// With a file of its own, which nobody flushes.
  JournalWriter(const CreateFile& create, std::filesystem::path path, const JournalHeader& header);

  /// `bytes` is record_bytes(values). The record's body, until the next call. When it throws, nothing is appended.
  std::string_view append(std::int64_t version, std::span<const Value> values, std::uint64_t bytes) {
    last_start_ = pending_.size();
    last_digest_ = digest_;
    try {
      append_record(pending_, version, values, bytes, seed_, digest_);
    } catch (...) {
      pending_.resize(last_start_);
      throw;
    }
    ++rows_;
    return std::string_view(pending_).substr(last_start_ + kRecordHeadBytes);
  }
  void append(std::int64_t version, std::span<const Value> values) { append(version, values, record_bytes(values)); }
  /// Appends rows 1 … `rows` and commits them, in steps that memory has room for. `read` gives rows `first` … `last`.
  void append_all(std::uint64_t rows, const std::function<RowSet(std::uint64_t first, std::uint64_t last)>& read);
  /// What was appended is with the kernel when this returns.
  void commit();
  /// The trailer and commit(): nothing more is written.
  void finish();
  /// Forgets the row that was just appended: the segment did not take it.
  void take_back_last();
  /// Forgets what was appended since the last commit: rows that the segment lost as well.
  void take_back_uncommitted();

  std::uint64_t rows() const { return rows_; }
  /// Written so far; what is pending is not counted.
  std::uint64_t bytes() const { return bytes_; }
  const std::filesystem::path& path() const { return file_->path(); }
  const std::shared_ptr<JournalFile>& file() const { return file_; }

 private:
  std::shared_ptr<JournalFile> file_;
  std::uint64_t seed_ = 0;
  std::uint64_t digest_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t committed_rows_ = 0;
  std::uint64_t committed_digest_ = 0;
  std::string pending_;
  std::size_t header_bytes_ = 0;  // at the front of pending_, until the first commit
  std::size_t last_start_ = 0;    // of the last record, in pending_
  std::uint64_t last_digest_ = 0;
};

}  // namespace forebay
