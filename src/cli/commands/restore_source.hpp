#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/reader.hpp"
#include "cli/commands/restore_streams.hpp"
#include "forebay/value.hpp"

namespace forebay::cli {

/// The rows of checkpoint files that are to be restored.
class RestoreSource {
 public:
  /// Opens every file and looks at its head. One that is named twice is read once. This and verify() throw
  /// Error(damaged) for the first that cannot be restored: which, why, and an older good one where its folder has one.
  explicit RestoreSource(const std::vector<std::string>& files);

  /// Reads every file whole, before anything else may be done; `rows` counts.
  void verify(std::atomic<std::uint64_t>& rows);

  /// Leaves out the rows of other sets and streams; empty: all are wanted. A set is named by its name or its number.
  /// Throws Error(usage), with what there is, when the files hold no such row.
  void choose(const std::string& set, const std::string& stream);

  /// The files' own words, a line each: what they are, and where their rows were meant to go if not to `destination`.
  std::vector<std::string> description(const std::string& destination) const;

  std::uint64_t files() const { return files_.size(); }
  /// By the name of the stream that they are sent as; what choose() left out is not counted.
  const std::map<std::string, std::uint64_t>& rows() const { return rows_; }
  std::uint64_t all_rows() const;
  /// Besides the built-in ones, those that rows are wanted of: a destination makes tables for what it is told.
  std::vector<Stream> streams() const;

  /// Every row that is wanted, file after file, in the order it was written; at its first version. `use` returns false
  /// to end it. Throws Error(damaged | local) for a file that has changed meanwhile.
  using Use = std::function<bool(const Stream& stream, std::int64_t version, std::span<const Value> values)>;
  void for_each_row(const Use& use);

 private:
  struct File {
    CheckpointReader reader;
    CheckpointContents contents;
  };

  std::vector<std::int64_t> ids_of(const std::string& set) const;
  std::string sets_there() const;
  std::string streams_there() const;

  std::vector<File> files_;
  RestoreStreams streams_;
  std::map<std::string, std::uint64_t> rows_;
  std::string stream_;                                // declared name; empty: all
  std::optional<std::vector<std::int64_t>> set_ids_;  // nothing: all
};

}  // namespace forebay::cli
