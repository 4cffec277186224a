#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "forebay/status.hpp"
#include "forebay/stream.hpp"

namespace forebay {

/// What is there by now of rows so many of which are missing: those are lost.
Counts without_missing(Counts counts, std::uint64_t missing);

/// What this process brought to its destination and was told is committed there: rows by segment, to be held against
/// the destination's ledger when another server answers in its place. Some 50 bytes for each segment, until the process
/// ends. Thread-safe.
class LandedRows {
 public:
  void add(const std::string& buffer, std::uint64_t segment, const Stream& stream, std::uint64_t rows);
  /// All of the segment's rows are to land once more.
  void forget(const std::string& buffer, std::uint64_t segment);

  struct Missing {
    std::string buffer;
    std::uint64_t segment = 0;
    std::uint64_t rows = 0;
    const Stream* stream = nullptr;
  };
  /// What the ledger has of a buffer's segments first … last, by segment.
  using AskLedger = std::function<std::map<std::uint64_t, std::uint64_t>(const std::string& buffer, std::uint64_t first,
                                                                         std::uint64_t last)>;
  /// Segments of which the ledger has fewer rows. Asks for some at a time. From then on they count as the ledger has
  /// them, so that each is reported once. Passes on what `ask` throws, and then changes nothing.
  std::vector<Missing> compare(const AskLedger& ask);

 private:
  struct Rows {
    std::uint64_t count = 0;
    const Stream* stream = nullptr;
  };
  using Segments = std::map<std::uint64_t, Rows>;

  Segments some_of(const std::string& buffer, std::uint64_t from) const;

  mutable std::mutex mutex_;
  std::map<std::string, Segments> buffers_;  // guarded by mutex_
};

}  // namespace forebay
