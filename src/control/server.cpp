#include "control/server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "base/start_thread.hpp"
#include "control/frame.hpp"
#include "control/session.hpp"
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
      work_(asio::make_work_guard(io_)),
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
    acceptor_.close();
    accept_again_.cancel();
    for (Session* session : std::set<Session*>(sessions_)) session->server_stops();
    closed.set_value();
  });
  closed.get_future().wait();
  for (Job& job : jobs_) job.thread.join();  // none begins any more
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
  const auto session = std::make_shared<Session>(*this, std::move(socket));
  if (room) return session->start();
  // A few bytes into an empty socket buffer: this takes no time, whatever the client does.
  session->finish(error_reply(ErrorCode::full, "too many control connections; try again"));
}

bool Server::start_job(std::function<Json()> work, const std::shared_ptr<Session>& session) {
  if (stopping_) return false;
  reap_jobs();
  if (jobs_.size() >= limits_.jobs_max) return false;
  Job& job = jobs_.emplace_back();
  try {
    // `session = session`: a plain capture of a const reference would be const, and moving it on a copy.
    job.thread = std::thread([this, &job, work = std::move(work), session = session]() mutable {
      Json reply;
      try {
        reply = work();
      } catch (const Error& e) {
        reply = error_reply(e.code(), e.what());
      } catch (const std::exception& e) {
        reply = error_reply(ErrorCode::local, e.what());
      }
      // The session is let go on the server's thread, which is the only one that may touch it.
      asio::post(io_, [session = std::move(session), reply = std::move(reply)] { session->finish(reply); });
      job.done = true;
    });
  } catch (const std::system_error&) {  // no more threads
    jobs_.pop_back();
    return false;
  }
  return true;
}

void Server::reap_jobs() {
  jobs_.remove_if([](Job& job) {
    if (!job.done) return false;
    job.thread.join();
    return true;
  });
}

}  // namespace forebay::control
