#include "control/session.hpp"

#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "control/status_json.hpp"
#include "forebay/error.hpp"

namespace forebay::control {
namespace asio = boost::asio;

namespace {

Json force_sync_json(const SyncResult& r) {
  return {{"settled", r.settled},
          {"outcome", to_string(r.outcome())},
          {"pending", r.pending_rows},
          {"quarantined", r.quarantined_rows},
          {"lost_failover", r.missing_rows},
          {"last_error", r.last_error}};
}

Json retry_json(const RetryResult& r) {
  Json j = counts_json(counts_of(r));
  j["unreadable_rows"] = r.unreadable;
  j["last_error"] = r.last_error;
  return j;
}

Json checkpoint_json(const CheckpointResult& r) { return {{"path", r.path}, {"rows", r.rows}, {"bytes", r.bytes}}; }

}  // namespace

Session::Session(const SessionContext& context, asio::local::stream_protocol::socket socket)
    : context_(context), socket_(std::move(socket)), deadline_(context.io), progress_(context.io) {
  context_.sessions.insert(this);
}

Session::~Session() { context_.sessions.erase(this); }

void Session::start() {
  arm(context_.limits.request_time);
  asio::async_read(socket_, asio::buffer(head_), [self = shared_from_this()](const Error& error, std::size_t) {
    if (error) return self->close();
    self->read_body();
  });
}

void Session::read_body() {
  const std::size_t bytes = frame_bytes(head_);
  if (bytes > kRequestBytesMax) {
    return finish(
        error_reply(ErrorCode::usage, "the request is longer than " + std::to_string(kRequestBytesMax) + " bytes"));
  }
  body_.resize(bytes);
  asio::async_read(socket_, asio::buffer(body_), [self = shared_from_this()](const Error& error, std::size_t) {
    if (error) return self->close();
    self->handle();
  });
}

void Session::handle() {
  try {
    const Request request = parse_request(body_);
    if (request.command != Command::status) return begin_job(request);
    finish(result_reply(live_buffer(context_.calls.status(), ::getpid())));
  } catch (const forebay::Error& e) {
    finish(error_reply(e.code(), e.what()));
  } catch (const std::exception& e) {
    finish(error_reply(ErrorCode::local, e.what()));
  }
}

void Session::begin_job(const Request& request) {
  const Calls& calls = context_.calls;
  const auto work = [&calls, request] {
    switch (request.command) {
      case Command::force_sync:
        return result_reply(force_sync_json(calls.force_sync(request.timeout)));
      case Command::retry_errors:
        return result_reply(retry_json(calls.retry_errors(request.stream, request.timeout)));
      case Command::drop_errors:
        return result_reply({{"dropped", calls.drop_errors(request.rows)}});
      case Command::create_checkpoint:
        return result_reply(checkpoint_json(calls.create_checkpoint()));
      case Command::status:
        break;
    }
    return result_reply(live_buffer(calls.status(), ::getpid()));
  };

  if (!context_.jobs.start(work, [self = shared_from_this()](const Json& reply) { self->finish(reply); })) {
    return finish(error_reply(ErrorCode::full,
                              "this process is busy with other force-syncs, retries and checkpoints; try again"));
  }

  working_ = true;
  disarm();
  watch_for_end();
  tell_progress();
}

/// A client that goes away is noticed; what it sends beyond its request ends the connection too.
void Session::watch_for_end() {
  socket_.async_read_some(asio::buffer(&stray_, 1),
                          [self = shared_from_this()](const Error&, std::size_t) { self->close(); });
}

void Session::tell_progress() {
  progress_.expires_after(context_.limits.progress_interval);
  progress_.async_wait([self = shared_from_this()](const Error& error) {
    if (error || !self->working_ || !self->socket_.is_open()) return;
    if (self->sending_.empty()) {
      self->send(encode_frame(to_text(progress_reply(self->context_.calls.status().total().pending))), false);
    }
    self->tell_progress();
  });
}

void Session::finish(const Json& reply) {
  working_ = false;
  progress_.cancel();
  std::string text = to_text(reply);
  if (text.size() > kReplyBytesMax) {
    text = to_text(error_reply(
        ErrorCode::local, "the reply is longer than " + std::to_string(kReplyBytesMax) + " bytes: too many streams"));
  }

  std::string frame = encode_frame(text);
  if (sending_.empty()) return send(std::move(frame), true);
  last_ = std::move(frame);
}

void Session::send(std::string frame, bool last) {
  sending_ = std::move(frame);
  arm(context_.limits.reply_time);
  asio::async_write(socket_, asio::buffer(sending_),
                    [self = shared_from_this(), last](const Error& error, std::size_t) {
                      self->sending_.clear();
                      if (error || last) return self->close();
                      self->disarm();
                      if (!self->last_.empty()) self->send(std::exchange(self->last_, {}), true);
                    });
}

void Session::arm(std::chrono::milliseconds time) {
  deadline_.expires_after(time);
  deadline_.async_wait([self = shared_from_this()](const Error& error) {
    // Disarmed or armed anew in the meantime?
    if (!error && self->deadline_.expiry() <= std::chrono::steady_clock::now()) self->close();
  });
}

void Session::disarm() { deadline_.expires_at(std::chrono::steady_clock::time_point::max()); }

void Session::server_stops() {
  if (!working_ && sending_.empty()) close();
}

void Session::close() {
  Error ignored;
  socket_.close(ignored);
  disarm();
  progress_.cancel();
}

}  // namespace forebay::control
