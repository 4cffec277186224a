#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "control/calls.hpp"
#include "control/protocol.hpp"

namespace forebay::control {

class Session;

/// What the sessions of one server share. Outlives them.
struct SessionContext {
  boost::asio::io_context& io;
  const Calls& calls;
  const ServerLimits& limits;
  Jobs& jobs;
  std::set<Session*>& sessions;  // those that live
};

/// One connection: reads one request, sends its replies, and is over. The server's thread only. Whatever the client
/// does wrong ends the connection and nothing else; a command that has begun goes on.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const SessionContext& context, boost::asio::local::stream_protocol::socket socket);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  void start();
  /// Sends the reply and ends.
  void finish(const Json& reply);
  /// The server ends: without a command under way at once, else when its reply is sent.
  void server_stops();

 private:
  using Error = boost::system::error_code;

  void read_body();
  void handle();
  void begin_job(const Request& request);
  void watch_for_end();
  void tell_progress();
  void send(std::string frame, bool last);
  void arm(std::chrono::milliseconds time);
  void disarm();
  void close();

  const SessionContext& context_;
  boost::asio::local::stream_protocol::socket socket_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer progress_;
  FrameHead head_{};
  std::string body_;     // of the request
  char stray_ = 0;       // what comes after the request is not read on
  std::string sending_;  // a frame on its way
  std::string last_;     // the frame to send after it
  bool working_ = false;
};

}  // namespace forebay::control
