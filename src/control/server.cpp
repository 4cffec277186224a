#include "control/server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "base/timer.hpp"
#include "control/protocol.hpp"
#include "forebay/error.hpp"

namespace forebay::control {
namespace asio = boost::asio;
using Stream = asio::local::stream_protocol;

namespace {

/// What stands in the way of a descriptor, a thread or a connection is seldom gone in less.
constexpr std::chrono::seconds kAcceptAgainAfter{1};

}  // namespace

Server::Server(UniqueFd listener, Calls calls, LogCallback log, ServerLimits limits)
    : calls_(std::move(calls)),
      log_(std::move(log)),
      limits_(limits),
      context_{io_, calls_, limits_, jobs_, sessions_},
      work_(asio::make_work_guard(io_)),
      jobs_(io_, limits.jobs_max),
      acceptor_(io_),
      accept_again_(io_) {
  acceptor_.assign(Stream(), listener.release());
  accept();

  std::promise<void> end;
  ended_ = end.get_future();
  thread_ = start_thread("for the control socket", [this, end = std::move(end)]() mutable {
    io_.run();
    end.set_value();
  });
}

Server::~Server() {
  std::promise<void> closed;
  asio::post(io_, [&] {
    stopping_ = true;
    jobs_.close();
    acceptor_.close();
    accept_again_.cancel();
    for (Session* session : std::set<Session*>(sessions_)) session->server_stops();
    closed.set_value();
  });

  closed.get_future().wait();
  jobs_.join();
  work_.reset();
  if (ended_.wait_for(limits_.farewell_time) != std::future_status::ready) io_.stop();
  thread_.join();
}

void Server::accept() {
  acceptor_.async_accept([this](const boost::system::error_code& error, Stream::socket socket) {
    if (stopping_) return;
    if (!error) {
      admit(std::move(socket));
      return accept();
    }
    if (!std::exchange(told_of_accept_, true)) {
      log(LogLevel::warning, "the control socket cannot take a connection: " + error.message());
    }

    accept_again_.expires_after(kAcceptAgainAfter);
    accept_again_.async_wait([this](const boost::system::error_code& stopped) {
      if (!stopped) accept();
    });
  });
}

void Server::admit(Stream::socket socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  if (!known || (peer.uid != ::geteuid() && peer.uid != 0)) {
    if (!std::exchange(told_of_strangers_, true)) {
      log(LogLevel::warning, "the control socket refused process " + std::to_string(peer.pid) + " of user " +
                                 std::to_string(peer.uid) + "; others are refused without a word");
    }
    return;
  }

  const bool room = sessions_.size() < limits_.connections_max;
  const auto session = std::make_shared<Session>(context_, std::move(socket));
  if (room) return session->start();
  // A few bytes into an empty socket buffer: this takes no time, whatever the client does.
  session->finish(error_reply(ErrorCode::full, "too many control connections; try again"));
}

}  // namespace forebay::control
