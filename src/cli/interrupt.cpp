#include "cli/interrupt.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>

#include "cli/command.hpp"

namespace forebay::cli {

Interrupt::Interrupt(std::function<void()> on_first, std::function<void()> on_second)
    : on_first_(std::move(on_first)), on_second_(std::move(on_second)), signals_(io_, SIGINT, SIGTERM) {
  wait();
  thread_ = std::thread([this] { io_.run(); });
}

Interrupt::~Interrupt() {
  io_.stop();
  thread_.join();
}

void Interrupt::wait() {
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    if (requested_.exchange(true)) {
      on_second_();
      ::_exit(kInterrupted);
    }
    on_first_();
    wait();
  });
}

}  // namespace forebay::cli
