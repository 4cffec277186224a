#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/append_file.hpp"

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

}  // namespace forebay
