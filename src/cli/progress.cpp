#include "cli/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/clock.hpp"
#include "base/human.hpp"
#include "base/width.hpp"

namespace forebay::cli {

using std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds kLineInterval{200};
constexpr std::chrono::seconds kPlainInterval{5};

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

std::string progress_text(const ProgressPicture& p, double entries_per_s) {
  std::string s(p.verb);
  s += p.walking ? " " : " all ";
  s += human_count(p.scanned);
  if (p.walking) s += " | " + human_rate(entries_per_s);
  if (p.sending) {
    s += " | pending " + human_count(p.pending) + " | synced " + human_count(p.synced);
    s += " | lag " + human_duration(Seconds(p.lag_s));
  }

  if (p.walking && p.expected_entries && *p.expected_entries > 0) {
    // Used inodes count what is hidden under mounts, too, and links once: near the end it is an estimate.
    s += " | " + std::to_string(std::min<std::uint64_t>(99, p.scanned * 100 / *p.expected_entries)) + " %";
  }
  if (!p.trouble.empty()) s += " | " + p.trouble;
  return s;
}

ProgressMode progress_mode(const std::string& wanted, bool quiet, bool stderr_is_terminal) {
  if (wanted == "always") return ProgressMode::line;
  if (wanted == "never" || quiet) return ProgressMode::none;
  return stderr_is_terminal ? ProgressMode::line : ProgressMode::plain;
}

Progress::Progress(ProgressMode mode, std::function<ProgressPicture()> look)
    : mode_(mode), look_(std::move(look)), last_at_(steady_clock::now()), timer_([this] {
        draw();
        timer_.set(next());
      }) {
  if (mode_ == ProgressMode::none) return;
  timer_.set(next());
  timer_.start("for the progress line");
  if (mode_ == ProgressMode::line) set_log_neighbour(this);
}

Progress::~Progress() {
  if (mode_ == ProgressMode::none) return;
  timer_.stop();
  if (mode_ == ProgressMode::line) {
    set_log_neighbour(nullptr);
    clear();
  }
}

steady_clock::time_point Progress::next() const {
  return steady_clock::now() +
         (mode_ == ProgressMode::line ? kLineInterval : std::chrono::milliseconds(kPlainInterval));
}

void Progress::draw() {
  const ProgressPicture p = look_();
  const auto now = steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - last_at_).count();
  const double rate = seconds > 0 ? static_cast<double>(p.scanned - last_scanned_) / seconds : 0;
  rate_ = rate_ == 0 ? rate : rate_ * 0.7 + rate * 0.3;

  last_at_ = now;
  last_scanned_ = p.scanned;

  const std::string text = progress_text(p, rate_);
  if (mode_ == ProgressMode::plain) {
    log_line(LogLevel::info, text);
    return;
  }

  const std::lock_guard lock(mutex_);
  if (aside_) return;
  drawn_ = within_width(text, terminal_columns() - 1);  // a wrapped line could not be redrawn
  std::fprintf(stderr, "\r\033[K%s", drawn_.c_str());
  std::fflush(stderr);
}

void Progress::clear() {
  const std::lock_guard lock(mutex_);
  if (!drawn_.empty()) std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

void Progress::before_line() {
  clear();
  const std::lock_guard lock(mutex_);
  aside_ = true;
}

void Progress::after_line() {
  const std::lock_guard lock(mutex_);
  aside_ = false;
  if (!drawn_.empty()) std::fputs(drawn_.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace forebay::cli
