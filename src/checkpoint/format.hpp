#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.hpp"
#include "checkpoint/info.hpp"
#include "forebay/stream.hpp"

namespace forebay {

/// The parts of a checkpoint file that writer and reader share; docs/checkpoint-format.md is its description.
inline constexpr std::uint32_t kCheckpointApplicationId = 0x66726370;  // "frcp"
inline constexpr std::uint64_t kCheckpointFormat = 1;
inline constexpr std::size_t kCheckpointStreamsMax = 1000;
inline constexpr std::size_t kDeclarationBytesMax = std::size_t{512} * 1024;

/// The CREATE statements of the fixed tables, as they stand in the file: no other text passes.
inline constexpr std::string_view kCheckpointTable =
    "CREATE TABLE checkpoint(format INTEGER NOT NULL,buffer TEXT NOT NULL,number INTEGER NOT NULL,scope TEXT NOT NULL,"
    "created_us INTEGER NOT NULL,host TEXT NOT NULL,boot_id TEXT NOT NULL,pid INTEGER NOT NULL,"
    "durability TEXT NOT NULL,destination TEXT NOT NULL,state_directory TEXT NOT NULL,missing TEXT NOT NULL,"
    "segments INTEGER NOT NULL,rows INTEGER NOT NULL,digest TEXT NOT NULL)";
inline constexpr std::string_view kStreamsTable =
    "CREATE TABLE streams(name TEXT NOT NULL,declaration TEXT NOT NULL,rows_table TEXT NOT NULL,"
    "rows INTEGER NOT NULL,digest TEXT NOT NULL)";
inline constexpr std::string_view kSegmentsTable =
    "CREATE TABLE segments(buffer TEXT NOT NULL,segment INTEGER NOT NULL,stream INTEGER NOT NULL,"
    "first_row INTEGER NOT NULL,rows INTEGER NOT NULL)";

/// Names the table of each stream's rows, in the order of the streams: the stream's own name where that is a plain
/// identifier that nothing else has, else "stream_" and its position from 1.
class RowsTableNames {
 public:
  std::string next(const Stream& stream);

 private:
  std::vector<std::string> used_;
};

/// CREATE TABLE of a stream's rows: the version's column first, then the stream's. A name that SQLite could not keep
/// apart from another (it ignores case), or takes for the rowid, becomes "column_" and its position.
std::string rows_table_sql(const Stream& stream, std::string_view table);

/// What the scope is called in the file; nothing for another text.
std::string_view scope_name(CheckpointScope scope);
std::optional<CheckpointScope> scope_of(std::string_view name);

/// True for what a buffer's id may be made of, as it becomes part of file names.
bool is_buffer_id(std::string_view id);

/// The SQL value that stands for a stream's value, and back. Reals that SQLite does not keep (NaN would become NULL,
/// and -0.0 is stored as 0) are blobs of their eight bytes, big-endian as SQLite has them.
std::optional<std::array<char, 8>> real_as_blob(double v);
/// Nothing for a blob that real_as_blob() would not have made.
std::optional<double> real_of_blob(std::string_view blob);

/// The digest of one table: SHA-256 over its rows in order. A row is its rowid, then its values, each as a letter and
/// its bytes: N (null); I and i64; R and f64; T or B, u64 size and the bytes. Little-endian.
class TableDigest {
 public:
  void integer(std::int64_t v);
  void real(double v);
  void text(std::string_view v) { chars('T', v); }
  void blob(std::string_view v) { chars('B', v); }
  void null() { room_.push_back('N'); }
  void value(const Value& v);
  std::string hex_digest() const;
  /// What was added since the last call goes to the hash; call after each row.
  void end_row() {
    if (room_.size() >= kRoomBytes) flush();
  }

 private:
  static constexpr std::size_t kRoomBytes = std::size_t{32} * 1024;
  void chars(char letter, std::string_view v);
  void flush();
  Sha256Stream hash_;
  std::string room_;
};

/// The file's digest: the checkpoint's row (but its digest), and the digests of tables `streams` and `segments`.
std::string checkpoint_digest(const CheckpointInfo& info, const TableDigest& streams, const TableDigest& segments);

}  // namespace forebay
