#pragma once

#include <functional>
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

}  // namespace forebay::test
