#include "cli/interrupt.hpp"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <thread>
#include <utility>

#include "cli/command.hpp"

namespace forebay::cli {

struct Interrupt::Signals {
  boost::asio::io_context io;
  boost::asio::signal_set set{io, SIGINT, SIGTERM};
  std::thread thread;
};

Interrupt::Interrupt(std::function<void()> on_first, std::function<void()> on_second)
    : on_first_(std::move(on_first)), on_second_(std::move(on_second)), signals_(std::make_unique<Signals>()) {
  wait();
  signals_->thread = std::thread([this] { signals_->io.run(); });
}

Interrupt::~Interrupt() {
  signals_->io.stop();
  signals_->thread.join();
}

void Interrupt::wait() {
  signals_->set.async_wait([this](const boost::system::error_code& error, int) {
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
