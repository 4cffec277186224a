#include "base/timer.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>
#include <utility>

namespace forebay {

struct Timer::Loop {
  explicit Loop(std::function<void()> when_due) : due(std::move(when_due)), busy(io.get_executor()), timer(io) {}

  /// On the timer's thread only.
  void arm(std::chrono::steady_clock::time_point at) {
    timer.expires_at(at);
    timer.async_wait([this](const boost::system::error_code& error) {
      if (!error) due();
    });
  }

  const std::function<void()> due;
  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy;  // it runs with nothing to wait for
  boost::asio::steady_timer timer;
  std::thread thread;
};

Timer::Timer(std::function<void()> due) : loop_(std::make_unique<Loop>(std::move(due))) {}

Timer::~Timer() { stop(); }

void Timer::start(const char* purpose) {
  loop_->thread = start_thread(purpose, [loop = loop_.get()] { loop->io.run(); });
}

void Timer::set(std::chrono::steady_clock::time_point at) {
  boost::asio::dispatch(loop_->io, [loop = loop_.get(), at] { loop->arm(at); });
}

void Timer::stop() {
  loop_->busy.reset();
  loop_->io.stop();
  if (loop_->thread.joinable()) loop_->thread.join();
}

}  // namespace forebay
