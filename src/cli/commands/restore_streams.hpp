#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/stream_registry.hpp"
#include "forebay/stream.hpp"

namespace forebay::cli {

/// As which streams the rows of files are sent: as their files declare them, so that a column which the file's release
/// did not know stays as it is at the destination.
class RestoreStreams {
 public:
  RestoreStreams();

  /// The stream for rows of a file's declaration; alike declarations of several files give the same. Its name differs
  /// from the declared one where two declarations share that. Throws Error(damaged), naming the file, for a declaration
  /// that cannot be meant: one that is none, a built-in stream's name with another table, key or column than this
  /// release knows, a table that is forebay's or the server's own.
  const Stream& sent_as(const Stream& declared, const std::filesystem::path& file);

  /// What has to be declared in Options::streams.
  std::vector<Stream> besides_built_in() const;

  /// Columns of the built-in stream that the declaration leaves out; empty where there are none.
  static std::vector<std::string> missing_columns(const Stream& declared);

 private:
  StreamRegistry registry_;
  std::map<const Stream*, Stream> sent_;  // by declaration; map nodes stay where they are
};

/// The column that says to which backup set a row belongs: `id` of backup_sets, else an integer column
/// `backup_set_id`.
std::optional<std::size_t> set_column(const Stream& stream);

}  // namespace forebay::cli
