#include "control/client.hpp"

#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <system_error>

#include "base/text.hpp"
#include "control/protocol.hpp"
#include "control/socket_place.hpp"
#include "forebay/error.hpp"

namespace forebay::control {
namespace asio = boost::asio;
namespace fs = std::filesystem;
using std::chrono::steady_clock;
using Stream = asio::local::stream_protocol;

namespace {

Answer without_result(Outcome outcome, std::string why, pid_t pid = 0) {
  Answer answer;
  answer.outcome = outcome;
  answer.why = std::move(why);
  answer.pid = pid;
  return answer;
}

/// One connection whose every step has a deadline.
class Conversation {
 public:
  explicit Conversation(const AskOptions& options) : options_(options), socket_(io_) {}

  enum class Step : std::uint8_t { done, failed, late, given_up };

  /// By hand: that of a Unix socket never waits when told not to (a full queue is EAGAIN), and Asio takes EAGAIN for
  /// "under way".
  boost::system::error_code connect(const fs::path& path) {
    boost::system::error_code error;
    socket_.open(Stream(), error);
    if (!error) socket_.native_non_blocking(true, error);
    const Stream::endpoint to(path.native());
    if (!error && ::connect(socket_.native_handle(), to.data(), static_cast<socklen_t>(to.size())) != 0) {
      error.assign(errno, boost::system::system_category());
    }
    return error;
  }
  Step write(const std::string& frame) {
    return step([&](auto handler) {
      asio::async_write(socket_, asio::buffer(frame), [handler](const auto& error, std::size_t) { handler(error); });
    });
  }
  Step read(asio::mutable_buffer into) {
    return step([&](auto handler) {
      asio::async_read(socket_, into, [handler](const auto& error, std::size_t) { handler(error); });
    });
  }
  /// A whole frame; `failed` also for one that is too long.
  Step read_frame(std::string& body) {
    FrameHead head{};
    if (const Step s = read(asio::buffer(head)); s != Step::done) return s;
    if (frame_bytes(head) > kReplyBytesMax) return Step::failed;
    body.resize(frame_bytes(head));
    return read(asio::buffer(body));
  }

  ucred peer() {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
    return peer;
  }

 private:
  template <typename Start>
  Step step(Start start) {
    const auto until = steady_clock::now() + options_.silence_max;
    bool done = false;
    start([this, &done](const boost::system::error_code& error) {
      error_ = error;
      done = true;
    });

    for (;;) {
      io_.restart();
      io_.run_for(std::min<steady_clock::duration>(std::chrono::milliseconds(100),
                                                   std::max<steady_clock::duration>(until - steady_clock::now(), {})));
      if (done) return error_ ? Step::failed : Step::done;
      const bool given_up = options_.give_up && options_.give_up();
      if (!given_up && steady_clock::now() < until) continue;

      boost::system::error_code ignored;
      socket_.close(ignored);
      while (!done) {
        io_.restart();
        io_.run();
      }
      return given_up ? Step::given_up : Step::late;
    }
  }

  const AskOptions& options_;
  asio::io_context io_;
  Stream::socket socket_;
  boost::system::error_code error_;
};

Answer unanswered(Conversation::Step step, pid_t pid) {
  if (step == Conversation::Step::given_up) return without_result(Outcome::given_up, "interrupted", pid);
  if (step == Conversation::Step::late) {
    return without_result(Outcome::silent, "process " + std::to_string(pid) + " does not answer", pid);
  }
  return without_result(Outcome::ended, "process " + std::to_string(pid) + " ended the conversation", pid);
}

/// False for what is no reply.
bool take_reply(const std::string& body, const AskOptions& options, Answer& answer, bool& last) {
  const Json reply = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!reply.is_object()) return false;
  const std::string type = reply.value("type", "");

  last = type != "progress";
  if (type == "progress") {
    if (options.on_progress) options.on_progress(reply.value("pending", std::uint64_t{0}));
    return true;
  }
  if (type == "error") {
    answer.outcome = Outcome::failed;
    answer.why = safe_line(reply.value("message", "it does not say why"));
    return true;
  }

  const auto result = reply.find("result");
  if (type != "result" || result == reply.end() || !result->is_object()) return false;
  answer.outcome = Outcome::answered;
  answer.result = *result;
  return true;
}

}  // namespace

Answer ask(const fs::path& socket, uid_t owner, const Request& request, const AskOptions& options) {
  struct stat st {};
  if (::lstat(socket.c_str(), &st) != 0) {
    const int error = errno;
    return without_result(error == ENOENT ? Outcome::absent : Outcome::refused,
                          error == ENOENT
                              ? "it has no control socket"
                              : "cannot look at " + socket.string() + ": " + std::generic_category().message(error));
  }

  if (!S_ISSOCK(st.st_mode)) return without_result(Outcome::refused, socket.string() + " is not a socket");
  if (st.st_uid != owner) return without_result(Outcome::refused, socket.string() + " belongs to another user");
  if (socket.native().size() > kSocketPathBytesMax) {
    return without_result(Outcome::refused, "the path " + socket.string() + " is too long for a socket");
  }

  try {
    Conversation talk(options);
    using Step = Conversation::Step;
    if (const auto error = talk.connect(socket)) {
      // A full queue of connections: somebody holds the socket, and takes none.
      if (error == asio::error::try_again) return without_result(Outcome::silent, "its process does not answer");
      if (error == asio::error::connection_refused || error == boost::system::errc::no_such_file_or_directory) {
        return without_result(Outcome::absent, "nobody listens at its control socket");
      }
      return without_result(Outcome::refused, "cannot connect to " + socket.string() + ": " + error.message());
    }

    const ucred peer = talk.peer();
    if (peer.uid != owner) {
      return without_result(Outcome::refused, socket.string() + " is held by a process of another user", peer.pid);
    }

    Step s = talk.write(encode_frame(to_text(request)));
    // A server that refuses at once may have closed before it read: its reply says why.
    if (s != Step::done && s != Step::failed) return unanswered(s, peer.pid);

    Answer answer;
    answer.pid = peer.pid;
    for (bool last = false; !last;) {
      std::string body;
      if (s = talk.read_frame(body); s != Step::done) return unanswered(s, peer.pid);
      if (!take_reply(body, options, answer, last)) {
        return without_result(Outcome::ended, "what process " + std::to_string(peer.pid) + " answers is no reply",
                              peer.pid);
      }
    }
    return answer;
  } catch (const std::exception& e) {  // JSON of other types than they should be; no descriptors
    return without_result(Outcome::refused, "cannot use " + socket.string() + ": " + e.what());
  }
}

}  // namespace forebay::control
