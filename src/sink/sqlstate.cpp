#include "sink/sqlstate.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace forebay {
namespace {

struct Row {
  std::string_view prefix;  // of the SQLSTATE; the first row that fits counts
  FailureClass failure_class;
};

constexpr FailureClass kReconnect = FailureClass::reconnect;
constexpr FailureClass kUnfit = FailureClass::unfit_for_now;

constexpr std::array kClasses = {
    Row{"08", kReconnect},                     // connection exceptions
    Row{"57P01", kReconnect},                  // administrator command
    Row{"57P02", kReconnect},                  // another backend crashed
    Row{"57P03", kUnfit},                      // starting up, shutting down, in recovery
    Row{"57P04", kReconnect},                  // database dropped
    Row{"57P05", kReconnect},                  // idle session timeout
    Row{"25P03", kReconnect},                  // idle in transaction timeout
    Row{"57014", FailureClass::retry_half},    // statement timeout
    Row{"40", FailureClass::retry_batch},      // serialization failure, deadlock
    Row{"55P03", FailureClass::retry_batch},   // lock timeout
    Row{"25006", kUnfit},                      // read-only
    Row{"53", kUnfit},                         // disk full, memory, connections
    Row{"28", FailureClass::login_or_target},  // password, pg_hba.conf
    Row{"3D", FailureClass::login_or_target},  // database missing
    Row{"3F", FailureClass::login_or_target},  // schema missing
    Row{"42", FailureClass::schema},           // table, column, privilege
    Row{"22", FailureClass::row_refused},      // value out of range, encoding, JSON
    Row{"23", FailureClass::row_refused},      // constraints
    Row{"44", FailureClass::row_refused},      // CHECK OPTION of a view
    Row{"54000", FailureClass::row_refused},   // index row too large
    Row{"P0001", FailureClass::row_refused},   // a trigger's RAISE EXCEPTION
};

bool is_sqlstate(std::string_view s) {
  return s.size() == 5 &&
         std::all_of(s.begin(), s.end(), [](unsigned char c) { return std::isdigit(c) || std::isupper(c); });
}

/// "FATAL:  28P01: text" → 28P01 and "text"; the severity may be in any language.
bool split_line(std::string_view line, std::string& sqlstate, std::string_view& text) {
  for (auto colon = line.find(":  "); colon != std::string_view::npos; colon = line.find(":  ", colon + 1)) {
    const std::string_view rest = line.substr(colon + 3);
    if (rest.size() > 6 && is_sqlstate(rest.substr(0, 5)) && rest[5] == ':') {
      sqlstate = rest.substr(0, 5);
      text = rest.substr(6);
      while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
      return true;
    }
  }
  return false;
}

/// A value that an error quotes ("invalid input syntax for type integer: "x"") is row content; names that it quotes go
/// with it, since the two look alike.
std::string without_quotes(std::string_view text) {
  std::string out;
  bool inside = false;
  for (const char c : text) {
    if (c == '"') {
      if (!inside) out += "\"…";
      inside = !inside;
    }
    if (!inside) out += c;
  }
  return out;
}

constexpr std::array kFields = {
    "DETAIL:", "HINT:",       "CONTEXT:",     "LOCATION:", "STATEMENT:",     "SCHEMA NAME:",
    "QUERY:",  "TABLE NAME:", "COLUMN NAME:", "LINE ",     "DATATYPE NAME:", "CONSTRAINT NAME:"};

}  // namespace

std::string_view to_string(FailureClass c) noexcept {
  constexpr std::array<std::string_view, 9> kNames = {"retry_batch", "retry_half",    "reconnect",
                                                      "in_doubt",    "unfit_for_now", "login_or_target",
                                                      "schema",      "row_refused",   "other"};
  return kNames[static_cast<std::size_t>(c)];
}

FailureClass failure_class(std::string_view sqlstate, Phase phase) noexcept {
  FailureClass found = FailureClass::other;
  if (sqlstate.empty()) {
    found = kReconnect;
  } else {
    const auto* row =
        std::find_if(kClasses.begin(), kClasses.end(), [&](const Row& r) { return sqlstate.starts_with(r.prefix); });
    if (row != kClasses.end()) found = row->failure_class;
    if (sqlstate == "40003") found = FailureClass::in_doubt;  // statement completion unknown
  }
  // A server that ends the session while it answers COMMIT may have committed.
  if (phase == Phase::commit && (found == kReconnect || found == kUnfit)) return FailureClass::in_doubt;
  // Who cannot be reached now may be later; nothing of a batch was sent.
  if (phase == Phase::connect && found == kReconnect) return kUnfit;
  return found;
}

std::optional<std::uint64_t> copy_line(std::string_view context, std::string_view table) noexcept {
  const std::string head = "COPY " + std::string(table) + ", ";
  while (!context.empty()) {
    const auto end = std::min(context.find('\n'), context.size());
    std::string_view line = context.substr(0, end);
    context.remove_prefix(std::min(end + 1, context.size()));
    if (!line.starts_with(head)) continue;
    line.remove_prefix(head.size());
    line = line.substr(0, std::min(line.find_first_of(",:"), line.size()));
    const auto digits = line.find_first_of("0123456789");
    if (digits == std::string_view::npos) return std::nullopt;
    std::uint64_t number = 0;
    const auto read = std::from_chars(line.data() + digits, line.data() + line.size(), number);
    if (read.ec == std::errc() && number > 0) return number;
    return std::nullopt;
  }
  return std::nullopt;
}

ServerMessage parse_server_message(std::string_view verbose) {
  ServerMessage message;
  std::string plain;
  std::string_view first_context;
  bool skipping = false;  // within a field that is left out; such fields may go on over lines
  while (!verbose.empty()) {
    const auto end = std::min(verbose.find('\n'), verbose.size());
    std::string_view line = verbose.substr(0, end);
    verbose.remove_prefix(std::min(end + 1, verbose.size()));
    std::string_view text;
    std::string sqlstate;
    if (split_line(line, sqlstate, text)) {
      message.sqlstate = sqlstate;
      message.text = text;
      skipping = true;
      continue;
    }
    constexpr std::string_view kConstraint = "CONSTRAINT NAME:  ";
    if (line.starts_with(kConstraint)) message.constraint = line.substr(kConstraint.size());
    constexpr std::string_view kContext = "CONTEXT:  ";
    if (line.starts_with(kContext)) first_context = line.substr(kContext.size());
    const bool is_field =
        std::any_of(kFields.begin(), kFields.end(), [&](const char* f) { return line.starts_with(f); });
    const bool starts_anew = line.starts_with("connection to server");
    skipping = is_field || (skipping && !starts_anew);
    if (skipping) continue;
    while (!line.empty() && (line.front() == '\t' || line.front() == ' ')) line.remove_prefix(1);
    if (!line.empty()) plain += (plain.empty() ? "" : " ") + std::string(line);
  }
  if (message.text.empty()) message.text = plain;
  const FailureClass why = failure_class(message.sqlstate, Phase::statement);
  if (why == FailureClass::row_refused && first_context.starts_with("PL/")) {
    // What a trigger says of a row may hold anything of it; where it says so does not.
    message.text = "refused by " + std::string(first_context);
  } else if (message.sqlstate == "P0001") {
    message.text = "refused by a function";
  } else if (message.sqlstate.starts_with("22")) {
    message.text = without_quotes(message.text);
  }
  return message;
}

}  // namespace forebay
