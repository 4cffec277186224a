#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/io.hpp"
#include "forebay/options.hpp"

namespace forebay {

/// One journal's file, shared by who writes it and, at level `power`, by those who flush it. It fails once: from then
/// on write() and flush() throw what it failed of, and do nothing.
class JournalFile {
 public:
  /// `flush_folder`: what puts the file's name on the disk, with its first flush; empty where it is there already, and
  /// where nothing is ever flushed.
  JournalFile(const CreateFile& create, std::filesystem::path path, FlushFolder flush_folder = {});

  const std::filesystem::path& path() const { return path_; }

  /// Hands `bytes` to the kernel. One thread at a time; never waits for a flush.
  void write(std::string_view bytes);
  /// Returns when what was written before the call is on the disk, and the file's name with it. From any thread: who
  /// comes while others flush shares the next flush with all who wait.
  void flush();
  /// The name is on the disk. Before the file is shared.
  void name_is_flushed() { flush_folder_ = {}; }
  /// Its rows are safe elsewhere: a flush would be a waste, and returns at once from now on.
  void forget() { forgotten_.store(true, std::memory_order_relaxed); }

  /// Nothing of what was written waits for a flush.
  bool is_flushed() const {
    return flushed_.load(std::memory_order_acquire) >= written_.load(std::memory_order_acquire);
  }
  bool has_failed() const { return failed_.load(std::memory_order_acquire); }
  /// What it failed of.
  std::string error() const;

  /// For the keeper: the file is on its list.
  std::atomic<bool> listed{false};

 private:
  void fail(const char* why);

  const std::filesystem::path path_;
  const std::unique_ptr<AppendFile> file_;
  std::atomic<std::uint64_t> written_{0};  // bytes
  std::atomic<std::uint64_t> flushed_{0};
  std::atomic<bool> failed_{false};
  std::atomic<bool> forgotten_{false};

  std::mutex flushing_;
  FlushFolder flush_folder_;  // guarded by flushing_

  mutable std::mutex error_mutex_;
  std::string error_;  // guarded by error_mutex_
};

std::string journal_name(std::uint64_t segment, int replacement = 0);

/// An empty journal, and the number of the segment that it is for.
struct EmptyJournal {
  std::uint64_t segment = 0;
  std::shared_ptr<JournalFile> file;
};

/// Where one buffer's journals are made, and what its durability asks of them. Numbers the buffer's segments, as
/// journals go by these. Thread-safe.
class JournalFolder {
 public:
  /// `path` is empty where there are no journals at all (a dry run, no buffer).
  JournalFolder(std::filesystem::path path, Durability durability, CreateFile create_file, FlushFolder flush_folder);

  const std::filesystem::path& path() const { return path_; }
  /// What only memory holds can be written to a journal.
  bool exists() const { return !path_.empty(); }
  /// A segment has a journal from its first row on. Elsewhere (level `memory`) it gets one to be evicted, or at the
  /// end.
  bool writes_ahead() const { return writes_ahead_; }
  /// A row is acknowledged when its journal is on the disk, not when the kernel has it.
  bool flushes() const { return flushes_; }

  std::uint64_t next_segment() { return next_segment_.fetch_add(1, std::memory_order_relaxed); }
  std::shared_ptr<JournalFile> create(std::uint64_t segment, int replacement = 0) const;
  EmptyJournal create_next();
  /// At level `power` the files' names are on the disk when this returns: their first flush need not see to that.
  void flush_names(const std::vector<EmptyJournal>& journals) const;

 private:
  const std::filesystem::path path_;
  const bool writes_ahead_;
  const bool flushes_;
  const CreateFile create_file_;
  const FlushFolder flush_folder_;
  std::atomic<std::uint64_t> next_segment_{1};
};

}  // namespace forebay
