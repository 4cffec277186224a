#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sink/reporter.hpp"
#include "sink/sink.hpp"

namespace forebay {

/// When an error came: what it spoils depends on it.
enum class Phase : std::uint8_t { connect, statement, commit };

/// A row of the one table of error classes, which has two parts: what servers say, by SQLSTATE, and what libpq and the
/// resolver say while connecting, by words of theirs.
struct ErrorRow {
  std::string_view sign;
  FailureClass failure_class;
  std::string_view cure;  // ends a message; may be empty
};
std::span<const ErrorRow> sqlstate_rows() noexcept;
std::span<const ErrorRow> client_error_rows() noexcept;
/// The row that counts; nullptr where none fits.
const ErrorRow* find_sqlstate(std::string_view sqlstate) noexcept;
const ErrorRow* find_client_error(std::string_view text) noexcept;

/// `sqlstate` is empty where no server named one: the connection is gone.
FailureClass failure_class(std::string_view sqlstate, Phase phase) noexcept;

/// Whether an SQLSTATE means "later, perhaps": of code that chose it, this is believed for some tries.
bool means_try_again(std::string_view sqlstate) noexcept;

/// Adds to a message that others go on with "; …": where the clause is a question it stands in brackets, without
/// `between`, as a semicolon does not go after a question mark.
void add_clause(std::string& message, std::string_view between, std::string_view clause);

/// "message (SQLSTATE); cure", as far as they are known.
std::string with_cure(std::string message, std::string_view sqlstate, Reporter reporter = Reporter::server);

/// What a server or libpq said, taken apart.
struct ServerMessage {
  std::string sqlstate;
  std::string text;        // one line, without severity, code, detail or context: those may hold rows; no full stop
  std::string constraint;  // where named
  Reporter reporter = Reporter::server;
  bool in_code = false;  // of a table's own, or called by it: its context names a function
};
FailureClass failure_class(const ServerMessage& said, Phase phase) noexcept;

/// The row that an error of COPY names, from 1: its CONTEXT has a line "COPY table, line 57, column size", in the
/// server's language but for the first word. `table` as COPY names it: without schema or quotes.
std::optional<std::uint64_t> copy_line(std::string_view context, std::string_view table) noexcept;

/// Reads libpq's verbose error text (`ERROR:  23505: duplicate key …`), of one or several lines. Whatever it quotes of
/// a row's content is replaced by "…", and what code of a table's own says by where it says so.
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
  Reporter reporter = Reporter::server;
  bool in_code = false;    // see ServerMessage
  std::string said;        // the server's words alone
  std::string context;     // the server's, as it came: may quote rows
  bool no_answer = false;  // our own deadline ended it
};

/// Whether a failure of work on one table, and on nothing else, is that table's: then a person must fix the table, and
/// rows of other streams may land meanwhile.
bool is_of_table(const Failure& failure) noexcept;

/// Does what concerns the table of one stream alone, and marks its failure so.
template <class Work>
auto on_table_of(const Stream& stream, const Work& work) {
  try {
    return work();
  } catch (DestinationFailure& e) {
    if (e.failure.stream == nullptr && is_of_table(e.failure)) e.failure.stream = &stream;
    throw;
  }
}

}  // namespace forebay
