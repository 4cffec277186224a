#include "sink/postgres/watchdog.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace forebay {

Watchdog::Guard::Guard(Watchdog& dog, int socket, std::chrono::milliseconds limit) : dog_(dog) {
  const std::lock_guard lock(dog_.mutex_);
  const auto deadline = Clock::now() + limit;
  entry_ = dog_.entries_.insert(dog_.entries_.end(), Entry{socket, deadline});
  if (!dog_.thread_.joinable()) dog_.thread_ = std::thread([d = &dog_] { d->run(); });
  if (deadline < dog_.wakes_at_ || dog_.interrupted_) dog_.changed_.notify_one();
}

Watchdog::Guard::~Guard() {
  const std::lock_guard lock(dog_.mutex_);
  dog_.entries_.erase(entry_);
}

bool Watchdog::Guard::fired() const {
  const std::lock_guard lock(dog_.mutex_);
  return entry_->fired;
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::interrupt() {
  {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
  }
  changed_.notify_one();
}

bool Watchdog::interrupted() const {
  const std::lock_guard lock(mutex_);
  return interrupted_;
}

void Watchdog::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wakes_at_ = Clock::time_point::max();
    for (Entry& e : entries_) {
      if (e.fired) continue;
      if (interrupted_ || e.deadline <= Clock::now()) {
        e.fired = true;
        // Not close(): the descriptor stays libpq's, and nobody else can get its number meanwhile.
        if (e.socket >= 0) ::shutdown(e.socket, SHUT_RDWR);
      } else {
        wakes_at_ = std::min(wakes_at_, e.deadline);
      }
    }

    // Once awake for a deadline that is gone, it finds nothing due: cheaper than a wake-up for each guard that ends.
    if (wakes_at_ == Clock::time_point::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, Clock::time_point(wakes_at_));
    }
  }
}

}  // namespace forebay
