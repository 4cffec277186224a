#include "sink/sqlstate.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace forebay {
namespace {

constexpr FailureClass kReconnect = FailureClass::reconnect;
constexpr FailureClass kUnfit = FailureClass::unfit_for_now;
constexpr FailureClass kLogin = FailureClass::login_or_target;
constexpr FailureClass kSchema = FailureClass::schema;
constexpr FailureClass kRefused = FailureClass::row_refused;
constexpr FailureClass kOther = FailureClass::other;

// What of our own tables differs is said instead, where it can be found.
constexpr std::string_view kCompare =
    "a table was changed, or one of its triggers fails: change it back (`forebay config check` says what it finds)";

/// An openGauss that asks for a sha256 or SM3 password, which only its own libpq knows.
constexpr std::string_view kOpenGaussPassword =
    "the server asks for a login method that this libpq does not know; if it is an openGauss: that asks for passwords "
    "as only its own libpq sends them, so set password_encryption_type = 1 at the server and reload it, give the role "
    "a new password, and have md5 or sha256 in its pg_hba.conf line; see docs/opengauss.md";

// `sign` begins the SQLSTATE; the first row that fits counts.
constexpr std::array kSqlstates = {
    ErrorRow{"08", kReconnect, ""},     // connection exceptions
    ErrorRow{"57P01", kReconnect, ""},  // administrator command
    ErrorRow{"57P02", kReconnect, ""},  // another backend crashed
    ErrorRow{"57P03", kUnfit, "the server is starting up, shutting down or in recovery"},
    ErrorRow{"57P04", kReconnect, ""},  // database dropped: the next connect says so
    ErrorRow{"57P05", kReconnect, ""},  // idle session timeout
    ErrorRow{"25P03", kReconnect, ""},  // idle in transaction timeout
    ErrorRow{"25P04", kReconnect, ""},  // transaction timeout
    ErrorRow{"57014", FailureClass::retry_half, "SYNC_STATEMENT_TIMEOUT is the limit"},
    ErrorRow{"40003", FailureClass::in_doubt, ""},     // statement completion unknown
    ErrorRow{"40", FailureClass::retry_batch, ""},     // serialization failure, deadlock
    ErrorRow{"55P03", FailureClass::retry_batch, ""},  // who holds the lock: lock_holder()
    // openGauss: what its own tools send again by default, by its tests. YY003 is its lock wait timeout.
    ErrorRow{"YY001", kReconnect, ""},  // connection reset by peer
    ErrorRow{"YY002", kReconnect, ""},  // connection reset by local
    ErrorRow{"YY004", kReconnect, ""},  // connection timed out
    ErrorRow{"YY006", kUnfit, "the server is short of memory"},
    ErrorRow{"YY", FailureClass::retry_batch, ""},
    ErrorRow{"25006", kUnfit, "is this a standby? name the primary, or all servers (host=a,b)"},
    // openGauss of a standby, where a statement wants a transaction id (utility.cpp, varsup.cpp).
    ErrorRow{"0B000", kUnfit, "is this a standby? name the primary, or all servers (host=a,b)"},
    ErrorRow{"53100", kUnfit, "make room on the server's disk"},
    ErrorRow{"53200", kUnfit, "the server is short of memory"},
    ErrorRow{"53300", kUnfit, "no connection is free: lower SYNC_CONNECTIONS, or raise the limit of server or role"},
    ErrorRow{"53400", kUnfit, "raise the server's limit that is named"},
    ErrorRow{"53", kUnfit, ""},
    ErrorRow{"28P01", kLogin, "check user and password"},
    ErrorRow{"28", kLogin, "check user and the server's pg_hba.conf"},
    ErrorRow{"3D", kLogin, "create the database, or name another"},
    ErrorRow{"3F", kLogin, "create the schema, or set search_path"},
    ErrorRow{"42501", kSchema, "grant it to the role"},
    ErrorRow{"42P10", kSchema, "the table needs a unique index on exactly the stream's key"},
    ErrorRow{"42", kSchema, kCompare},
    ErrorRow{"55000", kSchema, kCompare},  // ON CONFLICT with a deferrable constraint, say
    // What is sent has the form of the types found at connect: it is they that have changed, no row is at fault.
    ErrorRow{"22P03", kSchema, kCompare},
    ErrorRow{"22P04", kSchema, kCompare},
    ErrorRow{"22", kRefused, ""},     // value out of range, encoding, JSON
    ErrorRow{"23", kRefused, ""},     // constraints; the key's own index: PostgresSink
    ErrorRow{"44", kRefused, ""},     // CHECK OPTION of a view
    ErrorRow{"54000", kRefused, ""},  // index row too large
    ErrorRow{"P0", kRefused, ""},     // a trigger's RAISE EXCEPTION or ASSERT
    ErrorRow{"58", kOther, "the server cannot read or write its files: see its log"},
    ErrorRow{"XX", kOther, "see the server's log"},
};

// `sign` is part of what libpq or the resolver says; the first row that fits counts. None: away.
constexpr std::array kClientErrors = {
    ErrorRow{"no password supplied", kLogin, "give one in the URL, PGPASSWORD or a password file"},
    // A connection that ends in the handshake: of a server that goes away, or of something that is none.
    ErrorRow{"SSL SYSCALL error", kUnfit, "is the server running, and the address right?"},
    ErrorRow{"SSL connection has been closed", kUnfit, "is the server running, and the address right?"},
    ErrorRow{"unexpected eof", kUnfit, "is the server running, and the address right?"},
    ErrorRow{"certificate", kLogin, "check sslmode, sslrootcert and the server's certificate"},
    ErrorRow{"SSL", kLogin, "check sslmode and the server's TLS settings"},
    ErrorRow{"service file", kLogin, "check PGSERVICEFILE and PGSERVICE"},
    ErrorRow{"definition of service", kLogin, "check PGSERVICE and the service file"},
    ErrorRow{"none of the server's SASL authentication mechanisms", kLogin, kOpenGaussPassword},  // 10, sha256
    ErrorRow{"AUTH_REQ_SASL_CONT without AUTH_REQ_SASL", kLogin, kOpenGaussPassword},             // 11, md5 over it
    ErrorRow{"authentication method 13", kLogin, kOpenGaussPassword},                             // SM3
    ErrorRow{"SASL", kLogin, "the server asks for a login method that this libpq does not know"},
    ErrorRow{"authentication method", kLogin, "the server asks for a login method that this libpq does not know"},
    ErrorRow{"GSSAPI", kLogin, "check gssencmode and the Kerberos ticket"},
    ErrorRow{"session is read-only", kUnfit,
             "no server of the list takes writes now; target_session_attrs asks for one"},
    ErrorRow{"hot standby", kUnfit, "no server of the list is what target_session_attrs asks for"},
    ErrorRow{"session is not read-only", kLogin, "forebay writes: fix target_session_attrs"},
    ErrorRow{"host name", kUnfit, "check the host's name, and the resolver of this machine"},
    ErrorRow{"invalid", kLogin, "fix the destination's options"},
    ErrorRow{"Connection refused", kUnfit, "is the server running, and the address right?"},
    ErrorRow{"No such file", kUnfit, "is the server running, and the folder of its socket right?"},
    ErrorRow{"Permission denied", kLogin, "who runs forebay may not use that socket"},
    ErrorRow{"unreachable", kUnfit, "check network and routes"},
    ErrorRow{"No route to host", kUnfit, "check network and routes"},
    ErrorRow{"timed out", kUnfit, "check network and firewall"},
    ErrorRow{"closed the connection", kUnfit, "the server, or what stands before it, hung up: see its log"},
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

/// What goes between two lines of libpq's for them to read as sentences.
std::string_view between_lines(const std::string& before, std::string_view next) {
  if (before.empty()) return "";
  if (before.find_last_of(".:;,!") == before.size() - 1) return " ";
  if (next.starts_with("connection to server")) return "; ";
  return std::islower(static_cast<unsigned char>(next.front())) != 0 ? " " : ". ";
}

/// Before what goes on with a semicolon, or in brackets. Three dots stay.
void drop_full_stop(std::string& text) {
  if (text.ends_with('!') || (text.ends_with('.') && !text.ends_with(".."))) text.pop_back();
}

/// What an error's context tells of code that the server ran when it came, from its innermost part on.
struct Code {
  bool begun = false;
  bool met = false;
  bool dynamic = false;  // a statement may be made of what a row holds
  std::string first;     // the innermost function, where it is the first that is named
  std::string where;     // "PL/pgSQL function f() line 3 at RAISE", the outermost: a statement's text may hold anything

  void read(std::string_view line) {
    if (line.starts_with("PL/")) where = line;
    if (!begun && line.starts_with("PL/")) first = line;
    begun = true;
    // PostgreSQL in other languages begins the line otherwise.
    met = met || line.find("PL/") != std::string_view::npos || line.starts_with("SQL function ");
    dynamic = dynamic || line.find("EXECUTE") != std::string_view::npos;
  }
};

/// What such code says of a row may hold anything of it; where it says so does not.
void hide_what_code_says(ServerMessage& message, const Code& code) {
  const FailureClass why = failure_class(message, Phase::statement);
  const bool raised = message.reporter == Reporter::raised || message.sqlstate == "P0001";
  if (raised || (code.met && (why == FailureClass::row_refused || why == FailureClass::other || code.dynamic))) {
    const std::string& where = message.reporter == Reporter::raised ? code.first : code.where;
    message.text = "refused by " + (where.empty() ? "a function" : where);
    if (raised) message.constraint.clear();  // RAISE may name anything
  } else if (code.met && why == FailureClass::schema) {
    if (!code.where.empty()) message.text += ", in " + code.where;  // the server says what its statement lacks
  } else if (message.sqlstate.starts_with("22")) {
    message.text = without_quotes(message.text);
  }
}

constexpr std::array kFields = {
    "DETAIL:", "HINT:",       "CONTEXT:",     "LOCATION:", "STATEMENT:",     "SCHEMA NAME:",
    "QUERY:",  "TABLE NAME:", "COLUMN NAME:", "LINE ",     "DATATYPE NAME:", "CONSTRAINT NAME:"};

}  // namespace

std::string_view to_string(FailureClass c) noexcept {
  constexpr std::array<std::string_view, 10> kNames = {"retry_batch",    "retry_half",    "reconnect",       "in_doubt",
                                                       "another_server", "unfit_for_now", "login_or_target", "schema",
                                                       "row_refused",    "other"};
  return kNames[static_cast<std::size_t>(c)];
}

bool is_of_table(const Failure& failure) noexcept {
  return failure.failure_class == kSchema || failure.sqlstate == "3F000";  // its schema is not there
}

std::span<const ErrorRow> sqlstate_rows() noexcept { return kSqlstates; }
std::span<const ErrorRow> client_error_rows() noexcept { return kClientErrors; }

const ErrorRow* find_sqlstate(std::string_view sqlstate) noexcept {
  const auto* row = std::find_if(kSqlstates.begin(), kSqlstates.end(),
                                 [&](const ErrorRow& r) { return sqlstate.starts_with(r.sign); });
  return row == kSqlstates.end() ? nullptr : row;
}

const ErrorRow* find_client_error(std::string_view text) noexcept {
  const auto* row = std::find_if(kClientErrors.begin(), kClientErrors.end(),
                                 [&](const ErrorRow& r) { return text.find(r.sign) != std::string_view::npos; });
  return row == kClientErrors.end() ? nullptr : row;
}

namespace {
FailureClass class_of(const ErrorRow* row) noexcept { return row != nullptr ? row->failure_class : kOther; }
}  // namespace

FailureClass failure_class(std::string_view sqlstate, Phase phase) noexcept {
  const FailureClass found = sqlstate.empty() ? kReconnect : class_of(find_sqlstate(sqlstate));
  // A server that ends the session while it answers COMMIT may have committed.
  if (phase == Phase::commit && (found == kReconnect || found == kUnfit)) return FailureClass::in_doubt;
  // Who cannot be reached now may be later; nothing of a batch was sent.
  if (phase == Phase::connect && found == kReconnect) return kUnfit;
  return found;
}

bool means_try_again(std::string_view sqlstate) noexcept {
  switch (failure_class(sqlstate, Phase::statement)) {
    case FailureClass::retry_batch:
    case FailureClass::retry_half:
    case FailureClass::reconnect:
    case FailureClass::in_doubt:
    case FailureClass::unfit_for_now:
      return true;
    default:
      return false;
  }
}

void add_clause(std::string& message, std::string_view between, std::string_view clause) {
  if (!clause.ends_with('?')) {
    if (!clause.empty()) message.append(between).append(clause);
    return;
  }
  drop_full_stop(message);
  message.append(message.empty() ? "(" : " (").append(clause) += ')';
}

FailureClass failure_class(const ServerMessage& said, Phase phase) noexcept {
  return said.reporter == Reporter::server ? failure_class(said.sqlstate, phase) : failure_class(said.reporter);
}

std::string with_cure(std::string message, std::string_view sqlstate, Reporter reporter) {
  if (sqlstate.empty()) return message;
  message += " (" + std::string(sqlstate) + ")";
  if (reporter != Reporter::server) {
    add_clause(message, "; ", cure_of(reporter));
  } else if (const ErrorRow* row = find_sqlstate(sqlstate); row != nullptr) {
    add_clause(message, "; ", row->cure);
  }
  return message;
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
  Code code;
  bool in_context = false;
  bool skipping = false;  // within a field that is left out; such fields may go on over lines
  while (!verbose.empty()) {
    const auto end = std::min(verbose.find('\n'), verbose.size());
    std::string_view line = verbose.substr(0, end);
    verbose.remove_prefix(std::min(end + 1, verbose.size()));
    std::string_view text;
    std::string sqlstate;

    // One message for each host that was tried. What else looks like one may be a name with newlines in it.
    const bool may_begin = message.sqlstate.empty() || line.starts_with("connection to server");
    if (may_begin && split_line(line, sqlstate, text)) {
      message.sqlstate = sqlstate;
      message.text = text;
      skipping = true;
      continue;
    }

    constexpr std::string_view kConstraint = "CONSTRAINT NAME:  ";
    if (line.starts_with(kConstraint)) message.constraint = line.substr(kConstraint.size());
    constexpr std::string_view kContext = "CONTEXT:  ";
    const bool is_field =
        std::any_of(kFields.begin(), kFields.end(), [&](const char* f) { return line.starts_with(f); });
    if (line.starts_with(kContext)) {
      in_context = true;
      code = {};
      line.remove_prefix(kContext.size());
    } else if (is_field) {
      in_context = false;
    }
    if (in_context) code.read(line);

    // The last one: what comes before may be a message that imitates it.
    constexpr std::string_view kLocation = "LOCATION:  ";
    if (line.starts_with(kLocation))
      message.reporter = reporter_of(line.substr(kLocation.size(), line.find(',') - kLocation.size()));

    const bool starts_anew = line.starts_with("connection to server");
    skipping = is_field || (skipping && !starts_anew);
    if (skipping) continue;
    while (!line.empty() && (line.front() == '\t' || line.front() == ' ')) line.remove_prefix(1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (!line.empty()) add_clause(plain, between_lines(plain, line), line);
  }

  if (message.text.empty()) message.text = plain;
  drop_full_stop(message.text);
  if (message.reporter == Reporter::temporary_files && message.sqlstate != "53400") message.reporter = Reporter::server;
  message.in_code = code.met;
  hide_what_code_says(message, code);
  return message;
}

}  // namespace forebay
