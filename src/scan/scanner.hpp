#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
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

/// Kept up by scan(), at least every 50 ms while entries come.
struct ScanProgress {
  std::atomic<std::uint64_t> entries{0};
  std::atomic<std::uint64_t> bytes{0};  // sizes of all entries, as find's %s adds up; stays at the largest number
  std::atomic<std::uint64_t> unreadable{0};
};

/// Absolute canonical forms of the roots, each once, in order. Throws Error(usage) naming the first that is missing,
/// not a directory or unreadable.
std::vector<std::string> check_roots(const std::vector<std::string>& roots);

/// Walks the trees with options.threads threads (the caller's is one of them), each root itself included; symlinks are
/// recorded, not followed. Returns when all is walked, or soon after `stop` became true. Entries of overlapping roots
/// are seen once per root. `consumer(thread)` is called once in each thread, where its result also dies; `unreadable`
/// may be called from several threads at once. What any of these throws stops the scan in all threads and is thrown
/// from here.
void scan(const ScanOptions& options, const std::function<std::unique_ptr<EntryConsumer>(int thread)>& consumer,
          const std::function<void(const Unreadable&)>& unreadable, ScanProgress& progress,
          const std::atomic<bool>& stop);

}  // namespace forebay
