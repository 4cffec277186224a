#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace forebay::control {

// A frame is a length (u32, little-endian) and as many bytes of JSON text. docs/control-protocol.md.

using FrameHead = std::array<unsigned char, 4>;

/// Longer ones are refused before they are read.
inline constexpr std::size_t kRequestBytesMax = std::size_t{64} << 10;
inline constexpr std::size_t kReplyBytesMax = std::size_t{4} << 20;

constexpr std::size_t frame_bytes(const FrameHead& head) {
  return head[0] | head[1] << 8U | head[2] << 16U | static_cast<std::size_t>(head[3]) << 24U;
}

std::string encode_frame(std::string_view body);

}  // namespace forebay::control
