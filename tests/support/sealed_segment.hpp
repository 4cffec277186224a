#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "buffer/segment.hpp"
#include "journal/format.hpp"
#include "support/streams.hpp"

namespace forebay::test {

inline constexpr auto kOwnBuffer = "test-buffer";

/// A segment of so many measurements, as a writer hands it over whose journal failed, or that had none: its rows are in
/// memory only. `stream`: measurements(), or a copy under another name.
inline SegmentPtr sealed_segment(std::uint64_t number, std::int64_t rows, const Stream& stream = measurements()) {
  auto memory = std::make_unique<MemorySegment>(stream);
  std::uint64_t record_bytes = 0;
  for (std::int64_t tick = 0; tick < rows; ++tick) {
    const Measurement row("a", tick);
    const std::uint64_t bytes = check_values(stream, row);
    std::string body;
    append_body(body, tick + 1, row, bytes);
    memory->append(body);
    record_bytes += bytes;
  }
  memory->seal();

  const SegmentIdentity id{kOwnBuffer,  number, &stream,     static_cast<std::uint64_t>(rows),
                           Reason::end, {},     record_bytes};
  return std::make_shared<Segment>(id, std::move(memory), std::filesystem::path(), 0, /*sent=*/false);
}

/// One worker's take(), of what there is.
inline constexpr SteadyTime kAtOnce{};

}  // namespace forebay::test
