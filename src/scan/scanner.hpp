#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "forebay/file_record.hpp"

namespace forebay {

struct ScanOptions {
  std::vector<std::string> roots;  // as given; made absolute and canonical by check_roots()
  int threads = 4;
  bool one_file_system = false;
  std::vector<std::string> exclude_globs;  // fnmatch on the name if without '/', else on the whole path
  /// Never entered nor reported: forebay's own state directory and catalog (canonical paths).
  std::vector<std::string> own_paths;
};

/// Receives the entries that one scanner thread finds. Not shared between threads.
class EntryConsumer {
 public:
  virtual ~EntryConsumer() = default;
  /// Called before the entry is looked at (statx), so that a version taken here is older than what it stamps.
  virtual std::int64_t next_version() = 0;
  /// The record's strings live until the call returns; backup_set_id is left 0. May throw: the scan then stops.
  virtual void take(std::int64_t version, const FileRecord& record) = 0;
};

/// A path that could not be read, or vanished: counted and reported, never the end of the scan.
struct Unreadable {
  std::string path;
  std::string reason;  // "Permission denied", "vanished during the scan"
};

struct ScanProgress {
  std::atomic<std::uint64_t> entries{0};
  std::atomic<std::uint64_t> bytes{0};  // sum of sizes of regular files … of every entry, as find's %s adds up
  std::atomic<std::uint64_t> unreadable{0};
};

/// Absolute canonical forms of the roots. Throws Error(usage) for one that is missing, not a directory or unreadable.
std::vector<std::string> check_roots(const std::vector<std::string>& roots);

/// Walks the trees with options.threads threads, each root itself included; symlinks are recorded, not followed.
/// Returns when all is walked, or soon after `stop` became true. Entries of overlapping roots are seen once per root.
/// `consumer(thread)` is called once in each thread; `unreadable` may be called from several threads at once.
void scan(const ScanOptions& options, const std::function<std::unique_ptr<EntryConsumer>(int thread)>& consumer,
          const std::function<void(const Unreadable&)>& unreadable, ScanProgress& progress,
          const std::atomic<bool>& stop);

}  // namespace forebay
