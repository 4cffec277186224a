#include "scan/directory.hpp"

#include <cstring>

namespace forebay {

Directory::Directory(std::string path) : name_(std::move(path)), path_bytes_(name_.size()) {}

Directory::Directory(DirectoryPtr parent, std::string_view name, FileId id, std::uint32_t fingerprint)
    : parent_(std::move(parent)),
      name_(name),
      id_(id),
      root_device_(parent_->root_device_),
      // "/" brings its own slash
      path_bytes_(parent_->path_bytes_ + (parent_->path_bytes_ > 1 ? 1 : 0) + name.size()),
      depth_(parent_->depth_ + 1),
      fingerprint_(fingerprint) {}

std::string Directory::path() const {
  std::string path(path_bytes_, '/');
  for (const Directory* d = this; d != nullptr; d = d->parent()) {
    std::memcpy(path.data() + d->path_bytes_ - d->name_.size(), d->name_.data(), d->name_.size());
  }
  return path;
}

void intrusive_ptr_add_ref(Directory* d) noexcept { d->references_.fetch_add(1, std::memory_order_relaxed); }

void intrusive_ptr_release(Directory* d) noexcept {
  // A loop, as letting each parent go inside its child's destructor would need a stack as deep as the tree.
  while (d != nullptr && d->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    Directory* const parent = d->parent_.detach();
    delete d;
    d = parent;
  }
}

SharedDescriptor::SharedDescriptor(DirectoryPtr directory, UniqueFd fd, DescriptorBudget& budget) noexcept
    : directory_(std::move(directory)) {
  directory_->descriptor_ = std::move(fd);
  directory_->budget_ = &budget;
  directory_->descriptor_users_.store(1, std::memory_order_release);
}

SharedDescriptor::~SharedDescriptor() {
  if (!directory_) return;
  if (directory_->descriptor_users_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  directory_->descriptor_.reset();
  directory_->budget_->give_back();
}

SharedDescriptor SharedDescriptor::share() const noexcept {
  SharedDescriptor another;
  if (directory_) {
    directory_->descriptor_users_.fetch_add(1, std::memory_order_relaxed);
    another.directory_ = directory_;
  }
  return another;
}

SharedDescriptor SharedDescriptor::of(Directory& directory) noexcept {
  SharedDescriptor share;
  std::uint32_t users = directory.descriptor_users_.load(std::memory_order_relaxed);
  while (users > 0) {
    if (directory.descriptor_users_.compare_exchange_weak(users, users + 1, std::memory_order_acquire)) {
      share.directory_ = &directory;
      break;
    }
  }
  return share;
}

}  // namespace forebay
