#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scan/scanner.hpp"

namespace forebay::test {

/// A directory of its own, by default under the system's temporary one, readable by all; removed at the end, however
/// deep.
class Tree {
 public:
  explicit Tree(const std::string& under = {});
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree();

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view below) const { return path_ + "/" + std::string(below); }
  /// Parents included. Return the path.
  std::string directory(std::string_view below) const;
  std::string file(std::string_view below, std::string_view content = "") const;
  std::string symlink(std::string_view below, const std::string& target) const;

 private:
  std::string path_;
};

/// Where large trees are made: in memory if there is such a file system, as removing them elsewhere takes minutes.
std::string roomy();

/// A FileRecord that owns its strings.
struct Entry {
  std::string path, type, owner, group;
  std::int64_t version = 0, size = 0;
  std::uint32_t permissions = 0;
  std::optional<std::int64_t> created_us, modified_us, accessed_us, changed_us;
  std::int64_t seen_us = 0;
};

struct Scanned {
  std::multimap<std::string, Entry> entries;           // by path
  std::multimap<std::string, std::string> unreadable;  // path → reason
  std::uint64_t counted_entries = 0, counted_bytes = 0, counted_unreadable = 0, counted_times_left_out = 0;
  std::vector<std::string> said;  // what else the observer heard: "unanswered: PATH (open)"

  bool has(const std::string& path) const { return entries.count(path) > 0; }
  const Entry& at(const std::string& path) const;
};

struct NobodyListens : ScanObserver {
  void unreadable(const Unreadable&) override {}
};

/// scan() with everything collected. `on_take` is called for each record, from the threads.
Scanned scan_tree(ScanOptions options, const std::function<void(const FileRecord&)>& on_take = {},
                  const std::atomic<bool>& stop = false);
/// The same for one root.
Scanned scan_tree(const std::string& root, int threads = 1);

/// Runs `work` in a forked child and returns what it returned; "exception: …" if it threw.
std::string answer_of_child(const std::function<std::string()>& work);

bool is_root();

/// Gives a forked child mounts of its own. False without root, or where that is not allowed.
bool private_mounts();

}  // namespace forebay::test
