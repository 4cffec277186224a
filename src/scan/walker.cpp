#include "scan/walker.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <limits>

#include "scan/file_stat.hpp"

namespace forebay {
namespace {

constexpr std::size_t kBufferBytes = 65'536;
/// A directory with more subdirectories than this is read in stretches: the found ones are entered in between.
constexpr std::size_t kSubdirectoriesMax = 4096;
/// The same for all that waits in one thread, whatever its directory.
constexpr std::size_t kWaitingMax = 65'536;
/// Directories deeper than this, or with longer paths, are not entered: each row would hold a path of that size.
constexpr std::size_t kDepthMax = 16'384;
constexpr std::size_t kPathBytesMax = 1'048'576;
constexpr std::int64_t kProgressIntervalUs = 50'000;

std::int64_t now_us() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

void add_saturating(std::atomic<std::uint64_t>& to, std::uint64_t n) noexcept {
  std::uint64_t before = to.load(std::memory_order_relaxed);
  std::uint64_t after = 0;
  do {
    if (__builtin_add_overflow(before, n, &after)) after = std::numeric_limits<std::uint64_t>::max();
  } while (!to.compare_exchange_weak(before, after, std::memory_order_relaxed));
}

}  // namespace

Walker::Walker(const WalkContext& context, EntryConsumer& consumer)
    : context_(context), consumer_(consumer), owner_names_(context.owner_names), buffer_(kBufferBytes) {}

void Walker::run() {
  while (!stopped()) {
    if (mine_.empty()) {
      count_up();
      auto work = context_.queue.take();
      if (!work) return;
      go_on(std::move(*work));
    } else {
      Work work = std::move(mine_.back());
      mine_.pop_back();
      go_on(std::move(work));
    }
    give_work(false);
  }
}

void Walker::go_on(Work&& work) {
  const DirectoryPtr directory = work.directory;
  switch (work.kind) {
    case Work::Kind::root:
      return start(*directory);
    case Work::Kind::enter:
      return enter(std::move(work));
    case Work::Kind::read_on: {
      set_directory(*directory);
      const int fd = work.via.get();
      return read(directory, fd, std::move(work.via));
    }
    case Work::Kind::entries:
      set_directory(*directory);
      return look_at(directory, work.via.get(), work.via, work.entries->data(), work.entries->size());
  }
}

void Walker::start(Directory& root) {
  for (const std::string& own : context_.options.own_paths) {
    const std::string& path = root.name();
    if (path.starts_with(own) && (path.size() == own.size() || path[own.size()] == '/')) {
      return report(path, "belongs to forebay itself (state directory or catalog) and is left out");
    }
  }
  path_ = root.name();
  struct statx st {};
  if (!record(AT_FDCWD, path_.c_str(), st)) return;
  if (!S_ISDIR(st.stx_mode)) return report(root.name(), "changed during the scan");
  root.set_id(file_id(st));
  mine_.push_back({Work::Kind::enter, &root, {}, {}});
}

void Walker::enter(Work&& work) {
  const DirectoryPtr directory = work.directory;
  if (directory->depth() > kDepthMax || directory->path_bytes() > kPathBytesMax) {
    return report(directory->path(), "not entered: deeper than " + std::to_string(kDepthMax) + " levels or " +
                                         std::to_string(kPathBytesMax) + " bytes of path");
  }
  DirectoryOpener::Opened opened = opener_.open(*directory, work.via);
  work.via = {};
  if (!opened.fd) return report(directory->path(), std::move(opened.failure));
  if (context_.options.one_file_system && directory->id().device != directory->root_device()) return;
  if (const Directory* same = directory->same_ancestor()) {
    return report(directory->path(), "not entered: it is " + same->path() + " again, through a mount (a loop)");
  }

  set_directory(*directory);
  const int fd = opened.fd.get();
  if (context_.budget.take()) {
    read(directory, fd, SharedDescriptor(directory, std::move(opened.fd), context_.budget));
  } else {
    read(directory, fd, {});
    opener_.keep(directory, std::move(opened.fd));
  }
}

void Walker::read(const DirectoryPtr& directory, int fd, SharedDescriptor share) {
  const std::uint64_t found_from = given_ + mine_.size();
  for (bool first = true; !stopped(); first = false) {
    const ssize_t bytes = ::getdents64(fd, buffer_.data(), buffer_.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) report(directory->path(), reason_of(errno));
    if (bytes <= 0) break;
    const auto size = static_cast<std::size_t>(bytes);
    // A large directory: others look at its entries while this thread reads on.
    if (!first && share && mine_.empty() && context_.queue.hungry() > 0) {
      auto entries = std::make_unique<std::vector<char>>(buffer_.begin(), buffer_.begin() + bytes);
      context_.queue.give({Work::Kind::entries, directory, share.share(), std::move(entries)});
      continue;
    }
    look_at(directory, fd, share, buffer_.data(), size);
    give_work(true);

    const std::size_t first_found = found_from > given_ ? found_from - given_ : 0;
    const std::size_t found = mine_.size() - first_found;
    if (share && (found >= kSubdirectoriesMax || (found > 0 && mine_.size() >= kWaitingMax))) {
      mine_.insert(mine_.begin() + static_cast<std::ptrdiff_t>(first_found),
                   Work{Work::Kind::read_on, directory, std::move(share), {}});
      break;
    }
  }
  count_up();
}

void Walker::look_at(const DirectoryPtr& directory, int fd, const SharedDescriptor& share, const char* entries,
                     std::size_t bytes) {
  for (std::size_t at = 0; at < bytes && !stopped();) {
    const auto* entry = reinterpret_cast<const dirent64*>(entries + at);
    at += entry->d_reclen;
    const char* name = entry->d_name;
    if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'))) continue;
    look_at(directory, fd, share, name, entry->d_type);
  }
}

void Walker::look_at(const DirectoryPtr& directory, int fd, const SharedDescriptor& share, const char* name,
                     unsigned char type) {
  path_.resize(prefix_bytes_);
  path_ += name;
  if (left_out(name, type)) return;
  struct statx st;
  if (!record(fd, name, st)) return;
  if (!S_ISDIR(st.stx_mode)) return;
  const FileId id = file_id(st);
  if (context_.options.one_file_system && id.device != directory->root_device()) return;
  mine_.push_back({Work::Kind::enter, new Directory(directory, name, id), share.share(), {}});
}

bool Walker::record(int fd, const char* name, struct statx& st) {
  const std::int64_t version = consumer_.next_version();
  FileRecord record;
  record.backup_time_us = now_us();
  int error = 0;
  do {
    error = ::statx(fd, name, kStatFlags, kStatMask, &st) == 0 ? 0 : errno;
  } while (error == EINTR);
  if (error != 0) {
    report(path_, reason_of(error));
    return false;
  }
  // Only after the look: some file systems leave the type of an entry open in the directory.
  if (context_.excludes.ask_for_directories() && S_ISDIR(st.stx_mode) && fd != AT_FDCWD &&
      context_.excludes.matches(name, path_, true)) {
    return false;
  }
  set_from_stat(record, st);
  if (record.file_type.empty()) {
    report(path_, "of no known type");
    return false;
  }
  record.path = path_;
  record.owner = owner_names_.user(st.stx_uid);
  record.group = owner_names_.group(st.stx_gid);
  consumer_.take(version, record);

  ++entries_;
  if (__builtin_add_overflow(bytes_, st.stx_size, &bytes_)) bytes_ = std::numeric_limits<std::uint64_t>::max();
  // The wall clock may also have been set back.
  if (record.backup_time_us - counted_us_ >= kProgressIntervalUs || record.backup_time_us < counted_us_) {
    counted_us_ = record.backup_time_us;
    count_up();
  }
  return true;
}

void Walker::set_directory(const Directory& directory) {
  path_ = directory.path();
  own_names_.clear();
  for (const std::string& own : context_.options.own_paths) {
    const std::size_t slash = own.rfind('/');
    if (std::string_view(own).substr(0, std::max<std::size_t>(slash, 1)) == path_) {
      own_names_.push_back(std::string_view(own).substr(slash + 1));
    }
  }
  if (path_.size() > 1) path_ += '/';
  prefix_bytes_ = path_.size();
}

bool Walker::left_out(const char* name, unsigned char type) const {
  if (std::find(own_names_.begin(), own_names_.end(), name) != own_names_.end()) return true;
  return !context_.excludes.empty() && context_.excludes.matches(name, path_, type == DT_DIR);
}

void Walker::give_work(bool all) {
  if (context_.queue.hungry() == 0) return;
  // Those found first are the shallowest, and so likely the largest. Between two directories one half stays here.
  for (std::size_t left = (mine_.size() + (all ? 1 : 0)) / 2; left > 0; --left) {
    context_.queue.give(std::move(mine_.front()));
    mine_.pop_front();
    ++given_;
  }
}

void Walker::report(std::string path, std::string reason) {
  context_.progress.unreadable.fetch_add(1, std::memory_order_relaxed);
  const Unreadable::Kind kind = kind_of(reason);
  context_.unreadable({std::move(path), std::move(reason), kind});
}

void Walker::count_up() noexcept {
  if (entries_ == 0) return;
  context_.progress.entries.fetch_add(entries_, std::memory_order_relaxed);
  add_saturating(context_.progress.bytes, bytes_);
  entries_ = bytes_ = 0;
}

bool Walker::stopped() {
  if (context_.queue.finished()) return true;
  if (!context_.stop.load(std::memory_order_relaxed)) return false;
  context_.queue.finish();
  return true;
}

}  // namespace forebay
