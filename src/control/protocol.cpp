#include "control/protocol.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace forebay::control {

std::string encode_frame(std::string_view body) {
  std::string frame;
  frame.reserve(sizeof(FrameHead) + body.size());
  for (unsigned shift = 0; shift < 32; shift += 8) frame += static_cast<char>(body.size() >> shift & 0xffU);
  frame += body;
  return frame;
}

namespace {

constexpr std::array<std::pair<Command, std::string_view>, 5> kCommands = {
    {{Command::status, "status"},
     {Command::force_sync, "force-sync"},
     {Command::retry_errors, "retry-errors"},
     {Command::drop_errors, "drop-errors"},
     {Command::create_checkpoint, "checkpoint"}}};

/// Waiting longer than this is not waiting.
constexpr std::int64_t kTimeoutMsMax = 7LL * 24 * 3600 * 1000;
constexpr int kDepthMax = 8;

Json parse_object(std::string_view body) {
  try {
    Json request = Json::parse(body, [](int depth, Json::parse_event_t, Json&) {
      if (depth > kDepthMax) throw Error(ErrorCode::usage, "the request is nested too deeply");
      return true;
    });
    if (request.is_object()) return request;
  } catch (const Json::exception&) {
    throw Error(ErrorCode::usage, "the request is not JSON");
  }
  throw Error(ErrorCode::usage, "the request is not a JSON object");
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> parse_rows(const Json& rows) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> parsed;
  const auto is_row = [](const Json& row) {
    return row.is_array() && row.size() == 2 && row[0].is_number_unsigned() && row[1].is_number_unsigned();
  };

  if (!rows.is_array() || rows.size() > kDropRowsMax || !std::ranges::all_of(rows, is_row)) {
    throw Error(ErrorCode::usage,
                "rows must be a list of [segment, row], " + std::to_string(kDropRowsMax) + " of them at most");
  }
  for (const Json& row : rows) parsed.emplace_back(row[0].get<std::uint64_t>(), row[1].get<std::uint64_t>());
  return parsed;
}

}  // namespace

Request parse_request(std::string_view body) {
  const Json object = parse_object(body);
  const auto version = object.find("version");
  if (version == object.end() || !version->is_number_integer() || *version != kProtocolVersion) {
    throw Error(ErrorCode::usage, "this process speaks version " + std::to_string(kProtocolVersion) +
                                      " of the control protocol, and the request is of another; use the forebay that "
                                      "the process was started with");
  }

  Request request;
  const auto command = object.find("command");
  const auto* known = command == object.end() || !command->is_string()
                          ? kCommands.end()
                          : std::ranges::find(kCommands, command->get_ref<const std::string&>(),
                                              &decltype(kCommands)::value_type::second);
  if (known == kCommands.end()) {
    std::vector<std::string> names;
    names.reserve(kCommands.size());
    for (const auto& [one, name] : kCommands) names.emplace_back(name);
    throw Error(ErrorCode::usage, "there is no such command; known are " + enumerated(std::move(names), " and "));
  }
  request.command = known->first;

  if (const auto timeout = object.find("timeout_ms"); timeout != object.end()) {
    if (!timeout->is_number_integer() || *timeout < 0 || *timeout > kTimeoutMsMax) {
      throw Error(ErrorCode::usage, "timeout_ms must be a whole number from 0 to " + std::to_string(kTimeoutMsMax));
    }
    request.timeout = std::chrono::milliseconds(timeout->get<std::int64_t>());
  }
  if (const auto stream = object.find("stream"); stream != object.end()) {
    if (!stream->is_string()) throw Error(ErrorCode::usage, "stream must be the name of one");
    request.stream = stream->get<std::string>();
  }
  if (const auto rows = object.find("rows"); rows != object.end()) request.rows = parse_rows(*rows);
  return request;
}

std::string to_text(const Request& request) {
  Json object = {{"version", kProtocolVersion},
                 {"command", kCommands[static_cast<std::size_t>(request.command)].second}};
  const bool retry = request.command == Command::retry_errors;
  if (retry || request.command == Command::force_sync) object["timeout_ms"] = request.timeout.count();
  if (retry && !request.stream.empty()) object["stream"] = request.stream;
  if (request.command == Command::drop_errors) object["rows"] = request.rows;
  return object.dump();
}

Json progress_reply(std::uint64_t pending_rows) {
  return {{"version", kProtocolVersion}, {"type", "progress"}, {"pending", pending_rows}};
}

Json result_reply(Json result) {
  return {{"version", kProtocolVersion}, {"type", "result"}, {"result", std::move(result)}};
}

Json error_reply(ErrorCode code, std::string_view message) {
  return {{"version", kProtocolVersion}, {"type", "error"}, {"code", to_string(code)}, {"message", message}};
}

std::string to_text(const Json& reply) { return reply.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace forebay::control
