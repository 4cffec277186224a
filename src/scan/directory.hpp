#pragma once

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/io.hpp"

namespace forebay {

class Directory;
using DirectoryPtr = boost::intrusive_ptr<Directory>;

struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileId&) const = default;
};

/// How many directories may stay open for their subdirectories' sake, over all threads of a scan.
class DescriptorBudget {
 public:
  explicit DescriptorBudget(int descriptors) : left_(descriptors) {}
  bool take() noexcept {
    if (left_.fetch_sub(1, std::memory_order_relaxed) > 0) return true;
    give_back();
    return false;
  }
  void give_back() noexcept { left_.fetch_add(1, std::memory_order_relaxed); }
  /// The process has fewer than its limit let hope: no more are kept from here on.
  void end() noexcept { left_.store(kEnded, std::memory_order_relaxed); }

 private:
  static constexpr int kEnded = -1'000'000;  // what is given back does not make up for it

  std::atomic<int> left_;
};

/// A directory met in the walk. Knows its name and its parent, so that what waits to be entered costs little more than
/// its name; lives as long as something below it waits or is read.
class Directory {
 public:
  /// A root, not looked at yet; `path` is its canonical path.
  explicit Directory(std::string path);
  Directory(DirectoryPtr parent, std::string_view name, FileId id, std::uint32_t fingerprint);
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  Directory* parent() const noexcept { return parent_.get(); }
  bool is_root() const noexcept { return !parent_; }
  const std::string& name() const noexcept { return name_; }  // a root's path
  std::size_t depth() const noexcept { return depth_; }
  std::uint64_t root_device() const noexcept { return root_device_; }
  std::size_t path_bytes() const noexcept { return path_bytes_; }
  std::string path() const;

  FileId id() const noexcept { return id_; }
  std::uint32_t fingerprint() const noexcept { return fingerprint_; }
  /// What it turned out to be (a root when it is looked at, another when something else stands under its name since, or
  /// the file system gives it another number). By the thread that opens it, before anything below it is known.
  void set_identity(FileId id, std::uint32_t fingerprint) noexcept {
    id_ = id;
    fingerprint_ = fingerprint;
    if (is_root()) root_device_ = id.device;
  }

 private:
  friend class SharedDescriptor;
  friend void intrusive_ptr_add_ref(Directory* d) noexcept;
  friend void intrusive_ptr_release(Directory* d) noexcept;

  DirectoryPtr parent_;
  std::string name_;
  FileId id_;
  std::uint64_t root_device_ = 0;
  std::size_t path_bytes_;
  std::uint32_t depth_ = 0;
  std::uint32_t fingerprint_ = 0;  // of what was seen when it was recorded: scan/file_stat.hpp
  std::atomic<std::uint32_t> references_{0};

  // Managed by SharedDescriptor: the open descriptor, while it has users.
  UniqueFd descriptor_;
  DescriptorBudget* budget_ = nullptr;
  std::atomic<std::uint32_t> descriptor_users_{0};
};

/// A share in a directory's open descriptor. The last one closes it.
class SharedDescriptor {
 public:
  SharedDescriptor() noexcept = default;
  /// Takes over `fd`, which the budget has a place for; `directory` has none yet.
  SharedDescriptor(DirectoryPtr directory, UniqueFd fd, DescriptorBudget& budget) noexcept;
  SharedDescriptor(SharedDescriptor&& other) noexcept : directory_(std::move(other.directory_)) {}
  SharedDescriptor& operator=(SharedDescriptor&& other) noexcept {
    std::swap(directory_, other.directory_);
    return *this;
  }
  ~SharedDescriptor();

  /// Another share, or none when there is nothing to share.
  SharedDescriptor share() const noexcept;
  /// A share in what other threads may be about to close; none if they did.
  static SharedDescriptor of(Directory& directory) noexcept;

  explicit operator bool() const noexcept { return directory_ != nullptr; }
  int get() const noexcept { return directory_->descriptor_.get(); }

 private:
  DirectoryPtr directory_;
};

}  // namespace forebay
