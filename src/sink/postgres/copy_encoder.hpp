#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "forebay/value.hpp"

namespace forebay {

/// How PostgreSQL's binary COPY wants a value; several of its types share a form.
enum class WireForm : std::uint8_t { int8, float8, boolean, timestamp, chars, jsonb };

/// PostgreSQL's binary COPY format, appended to a string: header(), then for each row begin_row(), its fields and the
/// numbers, then end(). No text escaping anywhere, so no name can break it.
class CopyEncoder {
 public:
  explicit CopyEncoder(std::string& to) : to_(to) {}

  void header();
  void begin_row(std::size_t fields) { number(static_cast<std::uint16_t>(fields)); }
  void field(const Value& value, WireForm form);
  void int8_field(std::int64_t v) { sized_number(static_cast<std::uint64_t>(v)); }
  void int4_field(std::int32_t v) { sized_number(static_cast<std::uint32_t>(v)); }
  void end() { number<std::uint16_t>(0xffff); }

 private:
  template <typename Unsigned>
  void number(Unsigned v);
  /// After its size in bytes, as fields are.
  template <typename Unsigned>
  void sized_number(Unsigned v);

  std::string& to_;
};

/// Microseconds since 1970 as PostgreSQL counts them, from 2000. What does not fit becomes a number that PostgreSQL
/// calls out of range; never ±infinity, which its extremes mean.
std::int64_t postgres_timestamp(std::int64_t us_since_1970) noexcept;

/// Text form of an array parameter, element by element: "{1,NULL,"a\"b"}". Timestamps go as their microseconds.
class ArrayText {
 public:
  void add(const Value& value);
  void add(std::int64_t v);
  void add(std::string_view text);
  std::string take();

 private:
  void separate() { text_ += text_.empty() ? '{' : ','; }
  std::string text_;
};

}  // namespace forebay
