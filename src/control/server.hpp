#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <set>
#include <string>
#include <thread>

#include "base/io.hpp"
#include "control/calls.hpp"
#include "control/session.hpp"
#include "forebay/options.hpp"

namespace forebay::control {

/// Answers the requests that come in at a listening socket (docs/control-protocol.md), of this user and of root. One
/// thread for all connections, so that a client, however slow, keeps nothing waiting but itself.
class Server {
 public:
  /// Starts at once. `log` gets what a person should know.
  Server(UniqueFd listener, Calls calls, LogCallback log, ServerLimits limits = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Ends connections. Waits for commands under way: have what they wait for ended before.
  ~Server();

 private:
  void accept();
  void admit(boost::asio::local::stream_protocol::socket socket);
  void log(LogLevel level, const std::string& line) const {
    if (log_) log_(level, line);
  }

  // Constant after construction.
  Calls calls_;
  LogCallback log_;
  ServerLimits limits_;

  std::set<Session*> sessions_;  // the server's thread only; sessions end with io_ at the latest
  SessionContext context_;       // sessions look at it while io_ ends
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  Jobs jobs_;  // the server's thread, then the destructor
  // The server's thread only:
  boost::asio::local::stream_protocol::acceptor acceptor_;
  boost::asio::steady_timer accept_again_;
  bool stopping_ = false;
  bool told_of_strangers_ = false;
  bool told_of_accept_ = false;

  std::future<void> ended_;
  std::thread thread_;
};

}  // namespace forebay::control
