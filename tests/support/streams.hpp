#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "forebay/stream.hpp"
#include "forebay/value.hpp"

namespace forebay::test {

/// A stream with every column type: what is neither files nor sets goes the same way.
inline const Stream& measurements() {
  static const Stream kStream = {"measurements",
                                 "measurements",
                                 {{"sensor", ColumnType::text, true},
                                  {"tick", ColumnType::integer, true},
                                  {"reading", ColumnType::real, false},
                                  {"valid", ColumnType::boolean, false},
                                  {"taken_at", ColumnType::timestamp, false},
                                  {"extra", ColumnType::json, false},
                                  {"raw", ColumnType::bytes, false}},
                                 {"sensor", "tick"},
                                 "sync_version",
                                 ""};
  return kStream;
}

/// A row of measurements() that owns its text.
class Measurement {
 public:
  Measurement(std::string sensor, std::int64_t tick, double reading = 0.5)
      : sensor_(std::move(sensor)),
        extra_("{\"n\": " + std::to_string(tick) + "}"),
        raw_(std::string("\0\xff", 2) + std::to_string(tick)),
        values_{Value::text(sensor_),        Value::integer(tick), Value::real(reading), Value::boolean(tick % 2 == 0),
                Value::timestamp(tick * 10), Value::json(extra_),  Value::bytes(raw_)} {}
  Measurement(const Measurement&) = delete;
  Measurement& operator=(const Measurement&) = delete;

  std::span<const Value> values() const { return values_; }
  operator std::span<const Value>() const { return values_; }  // NOLINT(google-explicit-constructor)

 private:
  std::string sensor_, extra_, raw_;
  std::array<Value, 7> values_;
};

inline bool same_value(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() == b.is_null();
  if (a.type() != b.type()) return false;
  if (a.holds_chars()) return a.as_chars() == b.as_chars();
  return a.as_integer() == b.as_integer();  // of reals: the bits
}

}  // namespace forebay::test
