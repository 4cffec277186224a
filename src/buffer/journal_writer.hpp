#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "buffer/append_file.hpp"
#include "buffer/journal_format.hpp"

namespace forebay {

/// Writes one segment's journal. Rows gather in memory until commit() hands them to the kernel in one write. After an
/// error the file is not to be trusted; the owner starts another one from the segment's rows. One thread at a time.
class JournalWriter {
 public:
  JournalWriter(const CreateFile& create, std::filesystem::path path, const JournalHeader& header);

  void append(std::int64_t version, std::span<const Value> values) {
    append_record(pending_, version, values, seed_, digest_);
    ++rows_;
  }
  /// What was appended is with the kernel when this returns.
  void commit();
  /// commit(), the trailer, and the file is closed.
  void finish();
  /// Forgets what was appended since the last commit: rows that the segment lost as well.
  void take_back_uncommitted();

  std::uint64_t rows() const { return rows_; }
  /// Written so far; what is pending is not counted.
  std::uint64_t bytes() const { return bytes_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::unique_ptr<AppendFile> file_;
  std::uint64_t seed_ = 0;
  std::uint64_t digest_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t committed_rows_ = 0;
  std::uint64_t committed_digest_ = 0;
  std::string pending_;
};

}  // namespace forebay
