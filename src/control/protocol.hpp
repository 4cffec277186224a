#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forebay/error.hpp"

namespace forebay::control {

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
