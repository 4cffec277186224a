#include "sink/postgres_connect.hpp"

#include <poll.h>

#include <algorithm>
#include <array>

namespace forebay {
namespace {

using Clock = std::chrono::steady_clock;

struct Hint {
  std::string_view says;
  FailureClass failure_class;
  std::string_view cure;
};

// What libpq itself says, without a SQLSTATE from a server.
constexpr std::array kHints = {
    Hint{"no password supplied", FailureClass::login_or_target, "give one in the URL, PGPASSWORD or a password file"},
    Hint{"certificate", FailureClass::login_or_target, "check sslmode, sslrootcert and the server's certificate"},
    Hint{"SSL", FailureClass::login_or_target, "check sslmode and the server's TLS settings"},
    Hint{"invalid", FailureClass::login_or_target, "mend the destination's options"},
    Hint{"definition of service", FailureClass::login_or_target, "check PGSERVICE and the service file"},
    Hint{"SASL", FailureClass::login_or_target, "the server asks for a login method that this libpq does not know"},
    Hint{"authentication method", FailureClass::login_or_target,
         "the server asks for a login method that this libpq does not know"},
};

struct Cure {
  std::string_view sqlstate;
  std::string_view cure;
};
constexpr std::array kCures = {
    Cure{"28P01", "check user and password"},
    Cure{"28000", "check user and the server's pg_hba.conf"},
    Cure{"3D000", "create the database, or name another"},
    Cure{"53300", "the server has no connection free; lower SYNC_CONNECTIONS or raise max_connections"},
    Cure{"57P03", "the server is starting up or shutting down"},
};

[[noreturn]] void refuse(const PostgresTarget& target, std::string_view libpq_says) {
  const ServerMessage said = parse_server_message(libpq_says);
  FailureClass why = failure_class(said.sqlstate, Phase::connect);
  std::string_view cure = "is the server running, and the address right?";
  for (const Cure& c : kCures) {
    if (said.sqlstate == c.sqlstate) cure = c.cure;
  }
  if (said.sqlstate.empty()) {
    for (const Hint& h : kHints) {
      if (said.text.find(h.says) == std::string::npos) continue;
      why = h.failure_class;
      cure = h.cure;
      break;
    }
  }
  std::string message = "cannot connect to " + target.description + ": " + said.text;
  if (!said.sqlstate.empty()) message += " (" + said.sqlstate + ")";
  // libpq asks the same question at the end of some of its messages.
  if (said.text.find("Is the server running") == std::string::npos) message += "; " + std::string(cure);
  throw DestinationFailure({why, said.sqlstate, message});
}

[[noreturn]] void too_late(const PostgresTarget& target) {
  throw DestinationFailure({FailureClass::unfit_for_now, "",
                            "cannot connect to " + target.description + ": no answer within " +
                                std::to_string(target.connect_timeout.count() / 1000) +
                                " s (SYNC_CONNECT_TIMEOUT); is the server running, and the address right?"});
}

[[noreturn]] void given_up(const PostgresTarget& target) {
  throw DestinationFailure(
      {FailureClass::unfit_for_now, "", "connecting to " + target.description + " was given up: forebay is stopping"});
}

}  // namespace

PGconn* connect_postgres(const PostgresTarget& target, const Watchdog& watchdog) {
  const auto deadline = Clock::now() + target.connect_timeout;
  const std::array<const char*, 4> keywords = {"dbname", "client_encoding", "fallback_application_name", nullptr};
  const std::array<const char*, 4> values = {target.url.c_str(), "UTF8", "forebay", nullptr};
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectStartParams(keywords.data(), values.data(), 1),
                                                          &PQfinish);
  if (connection == nullptr) throw Error(ErrorCode::local, "no memory for a connection to " + target.description);
  // Verbose, because only so does libpq tell the SQLSTATE of an error at startup.
  PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  PostgresPollingStatusType wants = PGRES_POLLING_WRITING;
  while (PQstatus(connection.get()) != CONNECTION_BAD && wants != PGRES_POLLING_OK && wants != PGRES_POLLING_FAILED) {
    pollfd ready = {PQsocket(connection.get()), static_cast<short>(wants == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                    0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) too_late(target);
    if (watchdog.interrupted()) given_up(target);
    // In slices: the socket may change while libpq goes through several hosts, so nobody else can shut it down.
    constexpr std::chrono::milliseconds kSlice{50};
    if (::poll(&ready, 1, static_cast<int>(std::min(left, kSlice).count())) > 0)
      wants = PQconnectPoll(connection.get());
  }
  if (PQstatus(connection.get()) != CONNECTION_OK) refuse(target, PQerrorMessage(connection.get()));
  return connection.release();
}

}  // namespace forebay
