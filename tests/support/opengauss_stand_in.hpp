#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/fake_postgres.hpp"
#include "support/opengauss_sql.hpp"

namespace forebay::test {

/// What a client said: a message's type and body, before anything is changed. Or 'E' and the SQLSTATE that it got.
struct Heard {
  char type;
  std::string body;
};

/// A test double of an openGauss server: a port of 127.0.0.1 that leads to a PostgreSQL server's Unix socket and, on
/// the way, answers what openGauss would, refuses what it has not, and translates what PostgreSQL has not. Where its
/// answers come from, opengauss_sql.hpp and each of them say: it shows that forebay does what is meant, and is no
/// server; docs/opengauss.md says what rests on it. Connections must be without TLS.
class OpenGaussStandIn {
 public:
  OpenGaussStandIn(std::string server_socket, OpenGaussRelease release);
  /// Of the server that PGHOST and PGPORT name; null where that is no folder of Unix sockets.
  static std::unique_ptr<OpenGaussStandIn> of_environment(const OpenGaussRelease& release);
  ~OpenGaussStandIn();
  OpenGaussStandIn(const OpenGaussStandIn&) = delete;
  OpenGaussStandIn& operator=(const OpenGaussStandIn&) = delete;

  int port() const { return server_.port(); }
  /// A URL that leads through here; `parameters` as "&name=value".
  std::string url(const std::string& parameters = {}) const;

  /// An authentication request instead of a login: 10 (sha256), 11 (md5 over sha256), 13 (SM3). 0: as PostgreSQL does.
  std::atomic<int> offers_authentication{0};
  /// What session_timeout is at first, in milliseconds: a session that is idle for so long is ended. 0: never.
  std::atomic<int> session_timeout_ms{0};

  /// Ends idle sessions all the same when a client has set session_timeout to 0, as a firewall on the way would.
  std::atomic<bool> ends_all_idle{false};

  /// Keeps what clients say from now on, for take_heard(); in order where they come one after the other.
  std::atomic<bool> keeps_heard{false};
  std::vector<Heard> take_heard();

  std::uint64_t connections() const { return connections_; }
  std::uint64_t idle_drops() const { return idle_drops_; }

 private:
  void carry(int client);
  void hear(char type, std::string body);

  const std::string server_socket_;
  const OpenGaussRelease release_;
  std::atomic<bool> ending_{false};
  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> idle_drops_{0};
  std::mutex mutex_;
  std::vector<Heard> heard_;  // guarded by mutex_
  LocalServer server_;
};

}  // namespace forebay::test
