#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sink/dialect.hpp"
#include "sink/postgres/detect.hpp"
#include "sink/postgres/pqxx.hpp"
#include "sink/postgres/target.hpp"
#include "sink/postgres/watchdog.hpp"
#include "sink/sqlstate.hpp"

namespace forebay {

/// One connection, with a deadline on each call (a COPY is one, however many pieces it has), and at most one
/// transaction at a time. Every error is a DestinationFailure. libpqxx runs the statements; COPY goes through libpq,
/// since libpqxx knows no binary COPY.
class PostgresSession {
 public:
  /// Connects and finds out what the server is, or throws.
  PostgresSession(const PostgresTarget& target, Watchdog& watchdog);
  ~PostgresSession();
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  /// Starts a transaction; `first` is run in it (SET LOCAL …), and what its last statement gave is returned.
  pqxx::result begin(const std::string& first);
  pqxx::result exec(const std::string& sql);
  pqxx::result exec(const std::string& sql, const std::vector<std::string>& parameters);
  /// Runs statements after which, where they fail, the transaction can go on from a savepoint; one, if there are
  /// parameters. Returns how many rows the last one touched; of one that gives rows (RETURNING), how many came.
  std::uint64_t run(const std::string& sql, const std::vector<std::string>& parameters = {});
  /// The same for statements the last of which is a query of a number and a text.
  std::vector<std::pair<std::uint64_t, std::string>> run_query(const std::string& sql);
  /// The same for statements the last of which is a query of one row: names and values of its columns, NULL as "".
  std::vector<std::pair<std::string, std::string>> run_row(const std::string& sql);
  /// Runs COPY … FROM STDIN, and before it the statements that stand before it in `sql`. `next` fills a buffer (given
  /// empty) with the next piece of the data, and leaves it empty at the end. Where it fails the transaction can go on
  /// from a savepoint.
  void copy(const std::string& sql, const std::function<void(std::string& piece)>& next);
  /// Commits. A failure is in_doubt unless the server said that it refused.
  void commit();
  /// Rolls back what is open; never throws. The session may be broken afterwards.
  void abort() noexcept;

  /// Finds out anew what the server is; between transactions.
  void look_again();

  bool usable() const;
  /// The server's process for it; behind a pooler a number that says nothing.
  int backend() const { return backend_; }

  /// The texts for the server at the other end.
  const PostgresDialect& dialect() const { return *server_.dialect; }
  /// What it is and how that was found out; empty where there is nothing to say.
  const std::string& told() const { return server_.told; }

 private:
  Watchdog::Guard watch();
  bool ended_early() const;
  template <typename Call>
  auto guarded(Phase phase, Call&& call) -> decltype(call());
  [[noreturn]] void fail(Phase phase, bool timed_out, std::string_view verbose,
                         std::string_view fallback_sqlstate = {});
  [[noreturn]] void too_slow();
  void check(PGresult* result, bool timed_out);
  bool server_spoke() const;

  PostgresTarget target_;
  Watchdog& watchdog_;
  PGconn* raw_ = nullptr;  // owned by connection_
  std::chrono::steady_clock::time_point called_at_;
  int backend_ = 0;  // libpq forgets it with a connection that broke
  int socket_ = -1;  // a duplicate for the watchdog: libpq may close its own while a guard watches
  std::unique_ptr<PqxxConnection> connection_;
  ServerDialect server_;
  std::optional<pqxx::work> transaction_;
};

}  // namespace forebay
