#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace forebay::test {

/// Listens on a port of 127.0.0.1 and hands each connection to `serve` in a thread of its own, which closes nothing.
class LocalServer {
 public:
  explicit LocalServer(std::function<void(int client)> serve);
  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;
  int port() const { return port_; }

 private:
  std::function<void(int)> serve_;
  int listener_ = -1;
  int port_ = 0;
  std::vector<int> clients_;  // acceptor's thread, then the destructor
  std::vector<std::thread> servers_;
  std::thread acceptor_;
};

/// Stands between a client and the Unix socket of a PostgreSQL server. While `lose_commit_answer` is set, the
/// connection ends when the server answers a COMMIT: the server has committed, and the client cannot know.
class CommitLosingProxy {
 public:
  explicit CommitLosingProxy(std::string socket_path);
  int port() const { return server_.port(); }
  std::atomic<bool> lose_commit_answer{false};

 private:
  void carry(int client);
  std::string socket_path_;
  LocalServer server_;
};

}  // namespace forebay::test
