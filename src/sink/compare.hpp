#pragma once

#include <cstdint>
#include <variant>

#include "base/row_set.hpp"
#include "forebay/stream.hpp"
#include "sink/sink.hpp"

namespace forebay {

/// What a destination has of some rows. The four add up to the rows compared.
struct Compared {
  std::uint64_t absent = 0;  // no row with that key is there: sending would insert it
  std::uint64_t older = 0;   // an older version is there: sending would replace it
  std::uint64_t equal = 0;   // that very version is there: sending would change nothing
  std::uint64_t newer = 0;   // a newer version is there: the row sent would be superseded
};

using CompareOutcome = std::variant<Compared, Failure>;

/// Compares rows with a destination and changes nothing there: no table is created or migrated, no file made. What a
/// Sink would find missing counts as absent rows; what it would refuse is a Failure, of the same class and words. One
/// connection, with the deadlines of writing, used by one thread at a time; constructing does not connect.
class Comparer {
 public:
  Comparer() = default;
  Comparer(const Comparer&) = delete;
  Comparer& operator=(const Comparer&) = delete;
  virtual ~Comparer() = default;

  /// `keys`: the values of the stream's key columns, in the order of Stream::key, and the rows' versions. Each row is
  /// judged by itself, so a key should come once. All are read in one snapshot; a few thousand at a time are right.
  /// After a Failure it may be called again, and connects anew if need be. The stream must outlive the comparer.
  virtual CompareOutcome compare(const Stream& stream, const RowSet& keys) = 0;
};

}  // namespace forebay
