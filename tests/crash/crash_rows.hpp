#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "forebay/stream.hpp"

namespace forebay::crash {

using Random = std::mt19937_64;
/// 0 … n - 1, the same on every machine (std's distributions are not).
inline std::uint64_t below(Random& random, std::uint64_t n) { return n == 0 ? 0 : random() % n; }

inline const std::string kHotSpace = "hot";

/// Two tables of one form: key (space, number), payload, and `stamp`, the version as an ordinary column, which no guard
/// looks at. Of crash_own each row is written once, so that it goes by plain COPY; the keys of crash_hot are written
/// again and again, by all processes.
const Stream& own_stream();
const Stream& hot_stream();

/// A payload that is different each time, now and then awkward for COPY, SQL and JSON.
std::string make_payload(Random& random);
std::uint64_t hash_of(std::string_view payload);

}  // namespace forebay::crash
