#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "forebay/stream.hpp"

namespace forebay {

/// For people, not for machines: "512 B", "3.1 MiB".
std::string human_bytes(std::uint64_t bytes);
/// "173,203"
std::string human_count(std::uint64_t n);
/// "1 row", "173,203 rows": the number and the word that goes with it.
std::string counted(std::uint64_t n, std::string_view one, std::string_view many);
/// Per second: "285,000/s", under ten "3.4/s". What is no number (nothing took no time) is "-".
std::string human_rate(double per_second);
/// "0.03 s", "12.4 s", "2 min 05 s", "3 h 20 min", "2 d 04 h". Negative ones are 0.
std::string human_duration(std::chrono::duration<double> duration);

/// RFC 3339 in this machine's time zone, to the second: "2026-07-26T14:03:07+02:00".
std::string rfc3339_local(std::chrono::system_clock::time_point time);
/// The same from microseconds since 1970-01-01 UTC, as records hold them.
std::string rfc3339_local(std::int64_t microseconds);
/// RFC 3339 in UTC, to the second, for machines: "2026-07-26T12:03:07Z".
std::string rfc3339_utc(std::int64_t microseconds);
/// "20260726T120307Z", for file names.
std::string compact_utc(std::chrono::system_clock::time_point time);

/// A value for people: text made printable, bytes as 0x…, both cut after `bytes_max` of them.
std::string value_text(const Value& value, std::size_t bytes_max);

/// The key of a row of this stream, its columns separated by ", ".
std::string key_text(const Stream& stream, std::span<const Value> row, std::size_t bytes_max);

}  // namespace forebay
