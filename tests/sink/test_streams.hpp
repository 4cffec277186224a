#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "forebay/stream.hpp"
#include "sink/batch.hpp"

namespace forebay::test {

/// A small stream: key (set_id, path), two other columns.
inline Stream small_stream(const std::string& table = "small_files") {
  Stream s;
  s.name = table;
  s.table = table;
  s.columns = {{"set_id", ColumnType::integer, true},
               {"path", ColumnType::text, true},
               {"size", ColumnType::integer, false},
               {"note", ColumnType::text, false}};
  s.key = {"set_id", "path"};
  s.version_column = "row_version";
  s.touched_column = "touched_at";
  return s;
}

/// One column of each type.
inline Stream all_types_stream() {
  Stream s;
  s.name = "readings";
  s.table = "readings";
  s.columns = {{"sensor", ColumnType::text, true},    {"number", ColumnType::integer, false},
               {"level", ColumnType::real, false},    {"label", ColumnType::text, false},
               {"valid", ColumnType::boolean, false}, {"seen_at", ColumnType::timestamp, false},
               {"details", ColumnType::json, false},  {"raw", ColumnType::bytes, false}};
  s.key = {"sensor"};
  return s;
}

/// Collects rows of one range; the strings given may go away after add().
class RangeMaker {
 public:
  RangeMaker(const Stream& stream, std::string buffer, std::uint64_t segment, std::uint64_t first_row = 1)
      : stream_(stream),
        rows_(std::make_shared<RowSet>(stream.columns.size())),
        buffer_(std::move(buffer)),
        segment_(segment),
        first_row_(first_row) {}

  RangeMaker& add(std::int64_t version, const std::vector<Value>& values) {
    rows_->begin_row(first_row_ + rows_->size(), version);
    for (const Value& v : values) rows_->push(v);
    return *this;
  }
  BatchRange range(bool maybe_sent = false) const {
    return {buffer_, segment_, first_row_, first_row_ + rows_->size() - 1, maybe_sent, &stream_, rows_};
  }

 private:
  const Stream& stream_;
  std::shared_ptr<RowSet> rows_;
  std::string buffer_;
  std::uint64_t segment_;
  std::uint64_t first_row_;
};

}  // namespace forebay::test
