#include "crash/hook.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "base/crash_point.hpp"
#include "crash/crash_rows.hpp"

namespace forebay::crash {
namespace {

// Set once, before any other thread runs.
LogHeader* g_log = nullptr;
int g_die_at = -1;
std::uint64_t g_die_pass = 0;
std::uint64_t g_die_later_us = 0;
std::uint64_t g_delay_us = 0;
std::uint64_t g_seed = 0;

/// A thread's place in the log; idle again when the thread ends.
struct Slot {
  std::uint32_t number = g_log->slots.fetch_add(1);
  Random random{g_seed + number};
  ~Slot() { set(Phase::idle); }
  void set(Phase p) const {
    if (number < kSlots) g_log->phase_of_slot[number].store(p);
  }
};

/// A literal's address is its name's, nearly always.
int index_of_literal(const char* point) {
  static std::array<std::atomic<const char*>, kCrashPoints.size()> seen{};
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i].load(std::memory_order_relaxed) == point) return static_cast<int>(i);
  }
  const int index = index_of_point(point);
  if (index >= 0) seen[static_cast<std::size_t>(index)].store(point, std::memory_order_relaxed);
  return index;
}

/// SIGKILL by the kernel, in the midst of whatever the threads are at by then.
void die_later() {
  sigevent how{};
  how.sigev_notify = SIGEV_SIGNAL;
  how.sigev_signo = SIGKILL;
  timer_t timer{};
  if (::timer_create(CLOCK_MONOTONIC, &how, &timer) != 0) std::abort();
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(g_die_later_us / 1'000'000);
  when.it_value.tv_nsec = static_cast<long>(g_die_later_us % 1'000'000 * 1000);
  if (::timer_settime(timer, 0, &when, nullptr) != 0) std::abort();
}

Slot& slot_of_thread() {
  thread_local Slot slot;
  return slot;
}

void on_point(const char* point) {
  static const int kSending = index_of_point("before the rows are sent");
  const int index = index_of_literal(point);
  if (index < 0) {
    g_log->unknown_points.fetch_add(1);
    return;
  }
  Slot& slot = slot_of_thread();
  slot.set(kCrashPoints[static_cast<std::size_t>(index)].phase);
  const std::uint64_t pass = g_log->passes[static_cast<std::size_t>(index)].fetch_add(1) + 1;
  if (index == g_die_at && pass == g_die_pass) {
    if (g_die_later_us > 0) {
      die_later();
    } else {
      g_log->died_at.store(index);
      ::kill(::getpid(), SIGKILL);
    }
  }
  if (index == kSending && g_delay_us > 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(below(slot.random, 2 * g_delay_us)));
  }
}

}  // namespace

void watch_crash_points(SharedLog& log, const ProcessOptions& options) {
  g_log = &log.header();
  g_die_at = options.die_at.empty() ? -1 : index_of_point(options.die_at);
  if (!options.die_at.empty() && g_die_at < 0) {
    throw std::runtime_error("no crash point is named '" + options.die_at + "'");
  }
  g_die_pass = options.die_pass;
  g_die_later_us = options.die_later_us;
  g_delay_us = options.delay_us;
  g_seed = options.seed;
  crash_point_hook.store(&on_point);
}

void note_idle() { slot_of_thread().set(Phase::idle); }

}  // namespace forebay::crash
