#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "forebay/options.hpp"
#include "forebay/stream.hpp"

namespace forebay {

/// Whose rows a checkpoint holds.
struct CheckpointOrigin {
  std::string buffer;
  std::string host;
  std::string boot_id;
  std::int64_t pid = 0;
  Durability durability = Durability::process;
  std::string destination;  // without secrets
  std::string state_directory;
};

/// What a checkpoint was made of. Of two of one buffer, the newer stands in for the older only if its scope is as wide.
enum class CheckpointScope : std::uint8_t {
  all,         ///< every row that was not at the destination
  memory_only  ///< those that only memory held; journals had the others
};

struct CheckpointStream {
  Stream stream;
  std::uint64_t rows = 0;
};

/// What a checkpoint says of itself. It is true once the file is verified.
struct CheckpointInfo {
  CheckpointOrigin origin;
  CheckpointScope scope = CheckpointScope::all;
  std::uint64_t number = 0;  // from 1, within its buffer: the greater is the newer, whatever the wall clock did
  std::int64_t created_us = 0;
  std::uint64_t rows = 0;
  std::uint64_t segments = 0;
  std::vector<CheckpointStream> streams;
  /// Why it lacks rows that should be in it (a journal was damaged), one line; empty: it lacks none.
  std::string missing;
  std::uint64_t format = 0;
  std::uint64_t bytes = 0;  // of the file
  std::string digest;       // 64 hexadecimal digits
};

/// One segment of a checkpoint: rows 1 … `rows` of (buffer, number).
struct CheckpointSegment {
  std::string buffer;
  std::uint64_t number = 0;
  const Stream* stream = nullptr;  // of the reader; lives as long
  std::uint64_t rows = 0;
  // Where they lie.
  std::size_t table = 0;
  std::uint64_t first_rowid = 0;
};

/// A backup set that rows of a checkpoint belong to.
struct CheckpointSet {
  std::int64_t id = 0;
  bool described = false;  // its own row is in the checkpoint, too: else all below is empty
  std::string name;
  std::string root;
  std::string host;
  std::uint64_t files = 0;
};

/// What only reading every row can tell of one stream. Keys are printable, their columns separated by ", ".
struct CheckpointStreamContents {
  std::string stream;
  std::uint64_t rows = 0;
  std::string smallest_key, largest_key;
  std::int64_t oldest_version = 0, newest_version = 0;
  std::int64_t oldest_us = 0, newest_us = 0;  // the times in those, microseconds since 1970
};

struct CheckpointContents {
  std::vector<CheckpointStreamContents> streams;  // in the order of CheckpointInfo::streams
  std::vector<CheckpointSet> sets;                // by id
  bool more_sets = false;                         // than are counted
};

/// A finished, verified file.
struct CheckpointFile {
  std::string path;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

}  // namespace forebay
