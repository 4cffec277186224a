#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "support/fake_postgres.hpp"

namespace forebay::test {

/// A port of 127.0.0.1 that leads to a PostgreSQL server's Unix socket, over a network that does what is asked of it.
/// What is set holds at once, for connections that stand too. Connections must be without TLS.
class TcpProxy {
 public:
  explicit TcpProxy(std::string server_socket);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  int port() const { return server_.port(); }
  /// A URL that leads through here; `parameters` as "&name=value".
  std::string url(const std::string& parameters = {}) const;

  std::atomic<bool> black_hole{false};          // nothing goes through, nothing ends
  std::atomic<int> delay_ms{0};                 // before each piece
  std::atomic<int> trickle_bytes{0};            // of the client's, every 10 ms; 0: no limit
  std::atomic<bool> lose_commit_answer{false};  // the connection ends when the server has answered COMMIT
  /// The connection that carries this many bytes of clients in all is reset; then the count is off. 0: off.
  std::atomic<std::int64_t> reset_after_bytes{0};
  /// Ends what stands.
  void drop() { ++drops_; }

  std::uint64_t connections() const { return connections_; }
  std::uint64_t resets() const { return resets_; }
  std::uint64_t lost_commits() const { return lost_commits_; }

 private:
  void carry(int client);

  const std::string server_socket_;
  std::atomic<bool> ending_{false};
  std::atomic<std::uint64_t> drops_{0};
  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> resets_{0};
  std::atomic<std::uint64_t> lost_commits_{0};
  LocalServer server_;
};

}  // namespace forebay::test
