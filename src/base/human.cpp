#include "base/human.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "base/text.hpp"

namespace forebay {

namespace {

template <typename... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 64> room{};
  const int n = std::snprintf(room.data(), room.size(), format, values...);
  return {room.data(), n < 0 ? 0 : std::min(static_cast<std::size_t>(n), room.size() - 1)};
}

}  // namespace

std::string human_bytes(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 7> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";

  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  // 1023.95 would be written "1024.0": the next unit is due.
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return formatted("%.1f ", value) + std::string(kUnits[unit]);
}

std::string human_count(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  return human_count(n) + " " + std::string(n == 1 ? one : many);
}

std::string human_rate(double per_second) {
  if (!std::isfinite(per_second) || per_second < 0) return "-";
  if (per_second < 9.95) return formatted("%.1f/s", per_second);
  return human_count(static_cast<std::uint64_t>(std::min(std::round(per_second), 1e18))) + "/s";
}

std::string human_duration(std::chrono::duration<double> duration) {
  const double s = std::max(0.0, duration.count());
  if (s < 9.995) return formatted("%.2f s", s);
  if (s < 59.95) return formatted("%.1f s", s);
  const long long whole = std::llround(s);
  if (whole < 3600) return formatted("%lld min %02lld s", whole / 60, whole % 60);
  if (whole < 86'400) return formatted("%lld h %02lld min", whole / 3600, whole / 60 % 60);
  return formatted("%lld d %02lld h", whole / 86'400, whole / 3600 % 24);
}

std::string rfc3339_local(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm parts = {};
  if (::localtime_r(&seconds, &parts) == nullptr) return "-";

  const long offset_minutes = parts.tm_gmtoff / 60;
  const long size = std::abs(offset_minutes);
  return formatted("%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                   parts.tm_hour, parts.tm_min, parts.tm_sec) +
         formatted("%c%02ld:%02ld", offset_minutes < 0 ? '-' : '+', size / 60, size % 60);
}

std::string rfc3339_local(std::int64_t microseconds) {
  return rfc3339_local(std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::microseconds(microseconds))));
}

std::string rfc3339_utc(std::int64_t microseconds) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(std::chrono::microseconds(microseconds));
  const std::time_t time = seconds.count();
  std::tm parts = {};
  if (::gmtime_r(&time, &parts) == nullptr) return "-";
  return formatted("%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                   parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string compact_utc(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm parts = {};
  if (::gmtime_r(&seconds, &parts) == nullptr) return "-";
  return formatted("%04d%02d%02dT%02d%02d%02dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                   parts.tm_min, parts.tm_sec);
}

namespace {

std::string shown(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return printable(text);
  return printable(utf8_prefix(text, bytes_max)) + "…";
}

std::string shown_bytes(std::string_view bytes, std::size_t bytes_max) {
  std::string text = "0x";
  for (const char c : bytes.substr(0, bytes_max / 4)) append_hex(text, c);
  return bytes.size() > bytes_max / 4 ? text + "…" : text;
}

}  // namespace

std::string value_text(const Value& value, std::size_t bytes_max) {
  if (value.is_null()) return "null";

  switch (value.type()) {
    case ColumnType::bytes:
      return shown_bytes(value.as_chars(), bytes_max);
    case ColumnType::text:
    case ColumnType::json:
      return shown(value.as_chars(), bytes_max);
    case ColumnType::boolean:
      return value.as_integer() != 0 ? "true" : "false";
    case ColumnType::timestamp:
      return rfc3339_local(value.as_integer());
    case ColumnType::integer:
      return std::to_string(value.as_integer());
    case ColumnType::real:
      return std::to_string(value.as_real());
  }
  return {};
}

std::string key_text(const Stream& stream, std::span<const Value> row, std::size_t bytes_max) {
  std::string text;
  for (const std::size_t column : stream.key_indexes()) {
    if (!text.empty()) text += ", ";
    text += value_text(row[column], bytes_max);
  }
  return text;
}

}  // namespace forebay
