#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/io.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/info.hpp"
#include "sqlite/statement.hpp"

namespace forebay {

/// A file that begins as a checkpoint of a format that this forebay reads, and is as long as it says.
struct CheckpointFileHead {
  UniqueFd file;
  std::uint64_t bytes = 0;
  std::uint64_t format = 0;
};

/// Opens the file for reading and looks at its first 100 bytes. Waits for nothing and changes nothing: what is not a
/// regular file (a symlink, a FIFO, a device) is refused without opening it. Throws Error as CheckpointReader does,
/// with the file's name.
CheckpointFileHead open_checkpoint_file(const std::filesystem::path& path);

/// What a checkpoint's own tables say, besides its segments.
struct CheckpointDescription {
  CheckpointInfo info;                   // bytes is left to the caller
  std::vector<std::string> rows_tables;  // by position in info.streams
  std::vector<std::string> rows_digests;
  TableDigest streams_digest;
};

/// Holds the schema to what forebay writes, word for word (so there is no trigger, view, index, generated column or
/// anything else in it), and reads tables `checkpoint` and `streams`. Throws Error(damaged) with the reason alone.
CheckpointDescription read_checkpoint_description(SqliteConnection& connection);

/// Throws Error(damaged) with the reason alone; who reads the file puts its name before it.
[[noreturn]] void refuse_checkpoint(const std::string& why);

/// One row's cells, each held to the type it has to have. Throws Error(damaged) that names `table`.
class CheckpointCells {
 public:
  CheckpointCells(const SqliteStatement& row, std::string_view table) : row_(row), table_(table) {}
  std::int64_t integer(int column) const;
  /// An integer that counts something.
  std::uint64_t count(int column) const;
  /// Valid until the next step.
  std::string_view text(int column, std::size_t bytes_max = std::size_t{64} * 1024) const;

 private:
  [[noreturn]] void refuse(int column, const char* what) const;
  const SqliteStatement& row_;
  std::string_view table_;
};

}  // namespace forebay
