#include "cli/commands/scan_news.hpp"

#include "base/text.hpp"
#include "cli/logging.hpp"

namespace forebay::cli {
namespace {

/// "/srv/nfs (open, for 30 s)"
std::string in_words(const Unanswered& what) {
  return printable(what.path) + " (" + what.call + ", for " + std::to_string(what.waited.count()) + " s)";
}

}  // namespace

void ScanNews::unreadable(const Unreadable& what) {
  if (what.kind == Unreadable::Kind::vanished) ++vanished_;
  if (what.kind == Unreadable::Kind::denied) ++denied_;
  constexpr int kEach = 20;
  const int n = ++told_;
  if (n <= kEach) log_line(LogLevel::warning, "cannot read " + printable(what.path) + ": " + what.reason);
  if (n == kEach) log_line(LogLevel::warning, "more paths that cannot be read are counted, not listed");
}

void ScanNews::time_left_out(const std::string& path) {
  log_line(LogLevel::warning, printable(path) +
                                  " has a time that no destination can hold (before 4714 BC or after 294246 AD): it is "
                                  "NULL; more such entries are counted, not listed");
}

void ScanNews::statx_refused(const std::string& why) {
  log_line(LogLevel::info, "statx() is refused here (" + why + "): fstatat() is used, and created_time is NULL");
}

void ScanNews::unanswered(const Unanswered& what) {
  log_line(LogLevel::warning, "no answer from " + in_words(what) +
                                  "; the scan waits for it. See to its server or mount, or end the scan with Ctrl-C");
  const std::lock_guard lock(mutex_);
  waited_for_ = "no answer from " + printable(what.path);
}

void ScanNews::answered() {
  log_line(LogLevel::info, "the file system answers again");
  const std::lock_guard lock(mutex_);
  waited_for_.clear();
}

void ScanNews::left_behind(const Unanswered& what) {
  log_line(LogLevel::warning, "left without an answer from " + in_words(what) +
                                  ": that path does not answer; the process is gone when its server or mount lets go");
}

std::string ScanNews::trouble() const {
  const std::lock_guard lock(mutex_);
  return waited_for_;
}

}  // namespace forebay::cli
