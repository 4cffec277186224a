#pragma once

#include <cstdint>

namespace forebay {

/// The segment that carries rows of the quarantine once more has a time as its number, in microseconds since 1970. No
/// other segment's number gets as far as this, the first that a retry may have: a destination's batch ledger tells the
/// two apart by it.
inline constexpr std::int64_t kRetryNumbersFrom = 1'000'000'000'000'000;

}  // namespace forebay
