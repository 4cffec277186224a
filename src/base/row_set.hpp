#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "forebay/value.hpp"

namespace forebay {

/// Rows of one stream taken out of a segment, in arrival order: values in one array, their characters in an arena.
/// Movable; pointers into it stay valid while it lives, moved or not.
class RowSet {
 public:
  struct Row {
    std::uint64_t number = 0;  // within its segment, from 1
    std::int64_t version = 0;
  };

  explicit RowSet(std::size_t columns) : columns_(columns) {}

  void reserve(std::size_t rows) {
    rows_.reserve(rows);
    values_.reserve(rows * columns_);
  }
  void begin_row(std::uint64_t number, std::int64_t version) { rows_.push_back({number, version}); }
  /// The next column of the row begun last; characters are copied.
  void push(const Value& v) { values_.push_back(v.holds_chars() ? copied(v) : v); }
  /// The same for one whose characters are in what keep() returned.
  void push_kept(const Value& v) { values_.push_back(v); }
  /// Copies characters that live as long as the rows.
  std::string_view keep(std::string_view s) { return {copy(s), s.size()}; }

  /// Adds to every row's version.
  void shift_versions(std::int64_t by) {
    for (Row& row : rows_) row.version += by;
  }

  /// Takes back the row begun last, whole or not.
  void cancel_row() {
    rows_.pop_back();
    values_.resize(rows_.size() * columns_);
  }

  std::size_t size() const { return rows_.size(); }
  std::size_t columns() const { return columns_; }
  const Row& row(std::size_t i) const { return rows_[i]; }
  std::span<const Value> values(std::size_t i) const { return {values_.data() + i * columns_, columns_}; }

 private:
  Value copied(const Value& v) {
    const std::string_view from = v.as_chars();
    const std::string_view to = keep(from);
    if (v.is(ColumnType::text)) return Value::text(to);
    return v.is(ColumnType::json) ? Value::json(to) : Value::bytes(to);
  }
  const char* copy(std::string_view s) {
    if (s.empty()) return "";
    static constexpr std::size_t kBlockBytes = std::size_t{256} * 1024;
    if (s.size() > room_) {
      room_ = s.size() > kBlockBytes / 4 ? s.size() : kBlockBytes;
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(room_));
      next_ = blocks_.back().get();
    }

    char* at = next_;
    std::memcpy(at, s.data(), s.size());
    next_ += s.size();
    room_ -= s.size();
    return at;
  }

  std::size_t columns_;
  std::vector<Row> rows_;
  std::vector<Value> values_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t room_ = 0;
};

}  // namespace forebay
