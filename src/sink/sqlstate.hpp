#pragma once

#include <string>
#include <string_view>

#include "sink/sink.hpp"

namespace forebay {

/// When an error came: what it spoils depends on it.
enum class Phase : std::uint8_t { connect, statement, commit };

/// The one table of error classes. `sqlstate` is empty where no server named one: the connection is gone.
FailureClass failure_class(std::string_view sqlstate, Phase phase) noexcept;

/// What a server or libpq said, taken apart.
struct ServerMessage {
  std::string sqlstate;
  std::string text;        // one line, without severity, code, detail or context: those may hold rows
  std::string constraint;  // where named
};

/// Reads libpq's verbose error text (`ERROR:  23505: duplicate key …`), of one or several lines. Whatever it quotes of
/// a row's content is replaced by "…".
ServerMessage parse_server_message(std::string_view verbose);

/// Exception form of a Failure, within src/sink.
class DestinationFailure : public Error {
 public:
  explicit DestinationFailure(Failure f, std::string broken_constraint = {})
      : Error(ErrorCode::destination, f.message, f.sqlstate),
        failure(std::move(f)),
        constraint(std::move(broken_constraint)) {}

  Failure failure;
  std::string constraint;
};

}  // namespace forebay
