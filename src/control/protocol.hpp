#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forebay/error.hpp"

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

using Json = nlohmann::ordered_json;

/// docs/control-protocol.md is its page. A server answers requests of this version and of none else.
inline constexpr int kProtocolVersion = 1;

/// Rows that one drop_errors may name.
inline constexpr std::size_t kDropRowsMax = 1000;

enum class Command : std::uint8_t { status, force_sync, retry_errors, drop_errors, create_checkpoint };

struct Request {
  Command command = Command::status;
  std::chrono::milliseconds timeout{300'000};                   // of force_sync and retry_errors
  std::string stream{};                                         // of retry_errors; empty: all
  std::vector<std::pair<std::uint64_t, std::uint64_t>> rows{};  // of drop_errors: segment and row of each
};

/// Throws Error(usage) that says what is wrong with it, never with its content.
Request parse_request(std::string_view body);
std::string to_text(const Request& request);

/// Replies: any number of `progress`, then one `result` or one `error`.
Json progress_reply(std::uint64_t pending_rows);
Json result_reply(Json result);
Json error_reply(ErrorCode code, std::string_view message);
/// As bytes of a frame. What is not UTF-8 (a server's message) is replaced.
std::string to_text(const Json& reply);

}  // namespace forebay::control
