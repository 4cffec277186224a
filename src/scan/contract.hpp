// What a scan is given, and whom it tells.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "forebay/file_record.hpp"

namespace forebay {

struct ScanOptions {
  std::vector<std::string> roots;  // what check_roots() returned
  int threads = 4;
  bool one_file_system = false;
  /// Patterns (scan/glob.hpp), judged on the name if without '/', else on the whole path, where '*' matches '/' too (as
  /// find's -name and -path do); with a '/' at the end, for directories only. A directory that matches is not entered.
  /// Roots are never excluded.
  std::vector<std::string> exclude_globs;
  /// Never entered nor reported: forebay's own state directory and catalog (canonical paths; they need not exist yet).
  std::vector<std::string> own_paths;
  /// A call that has not come back for so long is told to the observer, and again every ten minutes.
  std::chrono::milliseconds tell_unanswered{30'000};
};

/// Receives the entries that one scanner thread finds. Not shared between threads.
class EntryConsumer {
 public:
  EntryConsumer() = default;
  EntryConsumer(const EntryConsumer&) = delete;
  EntryConsumer& operator=(const EntryConsumer&) = delete;
  virtual ~EntryConsumer() = default;
  /// Called before the entry is looked at (statx), so that a version taken here is older than what it stamps.
  virtual std::int64_t next_version() = 0;
  /// The record's strings live until the call returns; backup_set_id is left 0. May throw: the scan then stops.
  virtual void take(std::int64_t version, const FileRecord& record) = 0;
};

/// A path that could not be read, or vanished: counted and reported, never the end of the scan.
struct Unreadable {
  enum class Kind : std::uint8_t {
    vanished,  // or became something else: what happens in a tree that is in use
    denied,    // by rights
    other      // an I/O error, a loop: look at it
  };
  std::string path;    // bytes as the kernel has them: printable() before showing
  std::string reason;  // "Permission denied", "vanished during the scan"
  Kind kind = Kind::other;
};

/// A call on a path that the file system does not answer.
struct Unanswered {
  std::string path;
  std::string call;  // "stat", "open", "list"
  std::chrono::seconds waited{};
};

/// Hears what there is to say besides entries and numbers; from several threads at once.
class ScanObserver {
 public:
  ScanObserver() = default;
  ScanObserver(const ScanObserver&) = delete;
  ScanObserver& operator=(const ScanObserver&) = delete;
  virtual ~ScanObserver() = default;

  virtual void unreadable(const Unreadable& what) = 0;
  /// Once: the first entry with a time that no destination can hold. That time is none in its record.
  virtual void time_left_out(const std::string& /*path*/) {}
  /// Once: statx() is refused, and why. What would need it, the birth times, is none from here on.
  virtual void statx_refused(const std::string& /*why*/) {}
  /// The scan waits for it.
  virtual void unanswered(const Unanswered& /*what*/) {}
  /// None is waited for any more that was told as unanswered.
  virtual void answered() {}
  /// The scan ends without the thread that waits for it.
  virtual void left_behind(const Unanswered& /*what*/) {}
};

/// Kept up by scan(), at least every 50 ms while entries come.
struct ScanProgress {
  std::atomic<std::uint64_t> entries{0};
  std::atomic<std::uint64_t> bytes{0};  // sizes of all entries, as find's %s adds up; stays at the largest number
  std::atomic<std::uint64_t> unreadable{0};
  std::atomic<std::uint64_t> times_left_out{0};  // entries with a time that no destination can hold
};

}  // namespace forebay
