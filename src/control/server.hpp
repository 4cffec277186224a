#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <set>
#include <thread>

#include "base/unique_fd.hpp"
#include "control/protocol.hpp"
#include "forebay/buffer.hpp"

namespace forebay::control {

/// What the server asks of its buffer. `status` is called on the server's thread and must not wait for disk or network;
/// the others may take long, and are called on threads of their own, several at once.
struct Calls {
  std::function<SyncStatus()> status;
  std::function<SyncResult(std::chrono::milliseconds timeout)> force_sync;
  std::function<CheckpointResult()> create_checkpoint;
  std::function<RetryResult(const std::string& stream, std::chrono::milliseconds timeout)> retry_errors;
  /// Rows in quarantine by segment and row; how many went.
  std::function<std::uint64_t(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& rows)> drop_errors;
};

struct ServerLimits {
  std::size_t connections_max = 16;
  std::size_t jobs_max = 4;                       // force-sync, retry-errors and checkpoint under way
  std::chrono::milliseconds request_time{5'000};  // for a whole request to arrive
  std::chrono::milliseconds reply_time{5'000};    // for a reply to be taken
  std::chrono::milliseconds progress_interval{1'000};
  std::chrono::milliseconds farewell_time{1'000};  // for replies that are under way at the end
};

class Session;

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
  friend class Session;
  struct Job {
    std::thread thread;
    std::atomic<bool> done{false};
  };

  void accept();
  void admit(boost::asio::local::stream_protocol::socket socket);
  /// Runs `work` on a thread and hands its reply to the session, if that is still there. False when too many run.
  bool start_job(std::function<Json()> work, const std::shared_ptr<Session>& session);
  void reap_jobs();
  void log(LogLevel level, const std::string& line) const {
    if (log_) log_(level, line);
  }

  // Constant after construction.
  Calls calls_;
  LogCallback log_;
  ServerLimits limits_;

  std::set<Session*> sessions_;  // the server's thread only; sessions end with io_ at the latest
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  // The server's thread only:
  boost::asio::local::stream_protocol::acceptor acceptor_;
  boost::asio::steady_timer accept_again_;
  bool stopping_ = false;
  bool told_of_strangers_ = false;
  bool told_of_accept_ = false;
  std::list<Job> jobs_;  // the server's thread, then the destructor

  std::future<void> ended_;
  std::thread thread_;
};

}  // namespace forebay::control
