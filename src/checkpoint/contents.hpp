#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/info.hpp"
#include "forebay/stream.hpp"

namespace forebay {

/// The values of a key's columns, kept longer than the row that they are of.
class KeptKey {
 public:
  explicit KeptKey(const Stream& stream);
  /// Less than 0, 0 or more: this key, which was assigned before, against that of a row. Text and bytes compare as
  /// bytes, which is how COLLATE "C" orders them.
  int compare(std::span<const Value> row) const;
  void assign(std::span<const Value> row);
  /// For people: columns separated by ", ", long ones cut.
  std::string printable_text() const;

 private:
  std::vector<std::size_t> columns_;
  std::vector<ColumnType> types_;
  std::vector<std::int64_t> numbers_;
  std::vector<std::string> chars_;
};

/// Gathers what a checkpoint holds while its rows go by, stream after stream.
class CheckpointContentsGatherer {
 public:
  static constexpr std::size_t kSetsMax = 10'000;

  void begin_stream(const Stream& stream);
  void add(std::int64_t version, std::span<const Value> row);
  void end_stream();
  CheckpointContents take();

 private:
  CheckpointSet* set(std::int64_t id);

  struct OfStream {
    explicit OfStream(const Stream& s) : smallest(s), largest(s) {}
    KeptKey smallest, largest;
    CheckpointStreamContents contents;
    std::optional<std::size_t> set_column;    // backup_set_id of files
    std::optional<std::size_t> described_id;  // id of sets
  };
  std::optional<OfStream> now_;
  std::map<std::int64_t, CheckpointSet> sets_;
  const Stream* stream_ = nullptr;
  CheckpointSet* last_set_ = nullptr;  // rows of one set come one after another
  CheckpointContents contents_;
};

}  // namespace forebay
