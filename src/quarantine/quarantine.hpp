#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/row_set.hpp"
#include "forebay/stream.hpp"
#include "sqlite/connection.hpp"

namespace forebay {

struct RowSpan {
  std::uint64_t first_row = 0;
  std::uint64_t last_row = 0;
};

/// A row that the destination refused.
struct Refusal {
  std::uint64_t row = 0;
  std::int64_t version = 0;
  std::span<const Value> values;
  std::string sqlstate;
  std::string constraint;
  std::string message;
};

/// What was refused of some rows of one segment.
struct SegmentRefusals {
  std::string buffer;
  std::uint64_t segment = 0;
  const Stream* stream = nullptr;
  bool is_retry = false;
  std::vector<RowSpan> sent;  // the rows that this is about: what the file has of them is replaced
  std::vector<Refusal> refused;
};

/// Names a row in quarantine.
struct EntryName {
  std::string buffer;
  std::uint64_t segment = 0;
  std::uint64_t row = 0;
};

/// Rows of the quarantine on their way to the destination once more: a segment, though its rows lie in the file until
/// their commit is known.
struct Retry {
  std::uint64_t segment = 0;
  Stream stream;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // of their records
};

/// The rows of one buffer that its destination refused: file `quarantine.db` of its folder, made when it is needed.
/// An entry belongs to (buffer, segment, row) and is in doubt until that segment has settled: until then its batch may
/// be sent again. Which segments have not, who owns the quarantine knows; whoever reads the file from outside tells
/// by their journals. Thread-safe. Throws Error: local, damaged, not_built_yet.
class Quarantine {
 public:
  /// Opens what the folder has. `buffer`: whose folder it is.
  Quarantine(std::filesystem::path folder, std::string buffer);
  Quarantine(const Quarantine&) = delete;
  Quarantine& operator=(const Quarantine&) = delete;

  /// One durable transaction. Entries of a segment that is_retry are marked as refused again.
  void keep(const std::vector<SegmentRefusals>& refusals);
  /// These rows were taken, or are about to be sent for all that is known: what is in doubt of them goes. Cheap when
  /// there is nothing.
  void drop(const std::string& buffer, std::uint64_t segment, bool is_retry, const std::vector<RowSpan>& rows);
  /// The segment is going to be sent, perhaps again, so its entries are in doubt.
  void expect(const std::string& buffer, std::uint64_t segment);
  /// All of it has landed: what is here of it is here to stay.
  void settle(const std::string& buffer, std::uint64_t segment);

  /// Entries that are not in doubt, by stream.
  std::map<std::string, std::uint64_t> rows() const;
  /// Removes the file when it holds nothing; true when there is none (any more).
  bool remove_if_empty();

  /// Those that are under way, oldest first: a process may have died in between.
  std::vector<Retry> retries() const;
  /// Makes retries of the entries that are in none and not in doubt: of `stream` (empty: of all), `rows_max` in each.
  /// Their numbers are on the disk when this returns. An entry that cannot be read stays, and is counted.
  std::vector<Retry> begin_retries(const std::string& stream, std::uint64_t rows_max, std::uint64_t& unreadable);
  /// Rows first … last of a retry, at their first versions.
  RowSet read_retry(const Retry& retry, std::uint64_t first_row, std::uint64_t last_row) const;
  /// All of it has landed: its rows leave, but those refused again.
  void finish_retry(std::uint64_t segment);

  /// Removes entries for good, in one durable transaction that counts them in the file. Those in doubt, in a retry, or
  /// not there stay as they are. How many went, by stream.
  std::map<std::string, std::uint64_t> give_up(const std::vector<EntryName>& entries);
  /// All that this file counts as given up, by stream.
  std::map<std::string, std::uint64_t> given_up() const;

 private:
  using Identity = std::pair<std::string, std::uint64_t>;

  SqliteConnection& made();

  const std::filesystem::path folder_;
  const std::string buffer_;
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  mutable std::optional<SqliteConnection> db_;  // none: there is no file yet
  std::set<Identity> in_doubt_;                 // segments
};

}  // namespace forebay
