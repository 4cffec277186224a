#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "forebay/export.hpp"

namespace forebay {

/// Why a batch was sent when it was. SyncStatus::batches counts batches by reason.
enum class Reason : std::uint8_t {
  batch_size_reached,    ///< Options::batch_rows_max
  interval_reached,      ///< Options::interval
  memory_limit_reached,  ///< Options::memory_rows_max or memory_bytes_max
  force_sync,            ///< Buffer::force_sync()
  end,                   ///< the Buffer was stopped, or the Writer destroyed
  recover,               ///< its rows were adopted: an ended process had left them
  retry,                 ///< its rows were in quarantine
  checkpoint             ///< its rows had to be copied to a checkpoint
};
inline constexpr std::size_t kReasons = 8;  ///< number of values

/// The name of the value, as documentation, JSON and settings have it; "invalid" for a number that is no value. The
/// same goes for to_string() of every enum in these headers.
[[nodiscard]] FOREBAY_EXPORT std::string_view to_string(Reason reason) noexcept;

}  // namespace forebay
