#include "scan/walker.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>

#include "base/clock.hpp"
#include "forebay/error.hpp"
#include "scan/file_stat.hpp"
#include "scan/left_out.hpp"

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

/// NFS ends a listing whose place marks come again with ELOOP, which elsewhere is a matter of symlinks.
std::string reason_of_listing(int error) {
  return error == ELOOP ? "its listing does not end: the server gives one place in it twice" : reason_of(error);
}

void add_saturating(std::atomic<std::uint64_t>& to, std::uint64_t n) noexcept {
  std::uint64_t before = to.load(std::memory_order_relaxed);
  std::uint64_t after = 0;
  do {
    if (__builtin_add_overflow(before, n, &after)) after = std::numeric_limits<std::uint64_t>::max();
  } while (!to.compare_exchange_weak(before, after, std::memory_order_relaxed));
}

}  // namespace

Walker::Walker(const WalkContext& context, EntryConsumer& consumer, AnswerWatch& watch)
    : context_(context),
      consumer_(consumer),
      watch_(watch),
      opener_(context.entry_stat),
      owner_names_(context.owner_names),
      buffer_(kBufferBytes) {
  watch_.watch(path_);
}

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
      return read(directory, fd, std::move(work.via), std::move(*work.listing));
    }
    case Work::Kind::entries:
      set_directory(*directory);
      return look_at(directory, work.via.get(), work.via, work.entries->data(), work.entries->size());
  }
}

void Walker::start(Directory& root) {
  path_ = root.name();
  if (context_.own_files.hold(root.name())) {
    return report(root.name(), "belongs to forebay itself (state directory or catalog) and is left out");
  }

  struct statx st {};
  if (!record(AT_FDCWD, path_.c_str(), st)) return;
  if (!S_ISDIR(st.stx_mode)) return report(root.name(), "changed during the scan");
  root.set_identity(file_id(st), fingerprint(st));
  mine_.push_back({Work::Kind::enter, &root, {}, {}, {}});
}

void Walker::enter(Work&& work) {
  const DirectoryPtr directory = work.directory;
  if (directory->depth() > kDepthMax || directory->path_bytes() > kPathBytesMax) {
    return report(directory->path(), "not entered: deeper than " + std::to_string(kDepthMax) + " levels or " +
                                         std::to_string(kPathBytesMax) + " bytes of path");
  }

  set_directory(*directory);
  DirectoryOpener::Opened opened = open(work);
  work.via = {};
  if (!opened.fd) return report(directory->path(), std::move(opened.failure));

  const FileId id = file_id(opened.st);
  if (context_.options.one_file_system && id.device != directory->root_device()) return;
  // Another number alone is no other directory: some file systems give one anew at each look.
  const bool another = id != directory->id() && fingerprint(opened.st) != directory->fingerprint();
  directory->set_identity(id, fingerprint(opened.st));

  std::string loop;
  {
    const AnswerWatch::Waiting waiting(watch_, "open");
    loop = why_loop(opened.fd.get(), *directory, context_.entry_stat);
  }
  if (!loop.empty()) return report(directory->path(), "not entered: " + loop);
  if (another) record_again(opened.st);

  const int fd = opened.fd.get();
  if (context_.budget.take()) {
    read(directory, fd, SharedDescriptor(directory, std::move(opened.fd), context_.budget), {});
  } else {
    read(directory, fd, {}, {});
    opener_.keep(directory, std::move(opened.fd));
  }
}

DirectoryOpener::Opened Walker::open(const Work& work) {
  DirectoryOpener::Opened opened;
  const auto lacks = [&] { return !opened.fd && lacks_descriptors(opened.failure); };
  const auto try_to = [&] {
    const AnswerWatch::Waiting waiting(watch_, "open");
    opened = opener_.open(*work.directory, work.via);
  };
  try_to();
  if (!lacks()) return opened;

  // With its own given back; and another thread of the process may be about to close some.
  const auto try_again = [&] {
    give_descriptors_back();
    try_to();
    return !lacks() || stopped();
  };
  soon(try_again);
  if (lacks())
    end_for_descriptors("open", work.directory->path(), opened.failure == reason_of(ENFILE) ? ENFILE : EMFILE);
  return opened;
}

void Walker::give_descriptors_back() {
  context_.budget.end();
  opener_.let_go();
  for (Work& work : mine_) {
    if (work.kind == Work::Kind::enter) work.via = {};  // it is found again from the root
  }
}

void Walker::read(const DirectoryPtr& directory, int fd, SharedDescriptor share, Listing listing) {
  const std::uint64_t found_from = given_ + mine_.size();
  for (bool first = true; !stopped(); first = false) {
    path_.resize(prefix_bytes_);
    ssize_t bytes = 0;
    {
      const AnswerWatch::Waiting waiting(watch_, "list");
      bytes = ::getdents64(fd, buffer_.data(), buffer_.size());
    }
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) report(directory->path(), reason_of_listing(errno));
    if (bytes <= 0) break;

    const auto size = static_cast<std::size_t>(bytes);
    if (listing.repeats(buffer_.data(), size)) {
      report(directory->path(), "its listing does not end: the same names come again and again");
      break;
    }

    // A large directory: others look at its entries while this thread reads on.
    if (!first && share && mine_.empty() && context_.queue.hungry() > 0) {
      auto entries = std::make_unique<std::vector<char>>(buffer_.begin(), buffer_.begin() + bytes);
      context_.queue.give({Work::Kind::entries, directory, share.share(), std::move(entries), {}});
      continue;
    }
    look_at(directory, fd, share, buffer_.data(), size);
    give_work(true);

    const std::size_t first_found = found_from > given_ ? found_from - given_ : 0;
    const std::size_t found = mine_.size() - first_found;
    if (share && (found >= kSubdirectoriesMax || (found > 0 && mine_.size() >= kWaitingMax))) {
      mine_.insert(
          mine_.begin() + static_cast<std::ptrdiff_t>(first_found),
          Work{Work::Kind::read_on, directory, std::move(share), {}, std::make_unique<Listing>(std::move(listing))});
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
  mine_.push_back({Work::Kind::enter, new Directory(directory, name, id, fingerprint(st)), share.share(), {}, {}});
}

bool Walker::record(int fd, const char* name, struct statx& st) {
  begin_look();
  const int error = context_.entry_stat.ask(fd, name, st, &watch_);
  if (error != 0) {
    report(path_, reason_of(error));
    return false;
  }

  if (fd != AT_FDCWD) {
    // Only after the look: some file systems leave the type of an entry open in the directory.
    if (context_.excludes.ask_for_directories() && S_ISDIR(st.stx_mode) &&
        context_.excludes.matches(name, path_, true)) {
      return false;
    }
    if (context_.own_files.is_one(name, st)) return false;
  }
  if (!hand_over(st)) return false;

  ++entries_;
  if (__builtin_add_overflow(bytes_, st.stx_size, &bytes_)) bytes_ = std::numeric_limits<std::uint64_t>::max();
  // The wall clock may also have been set back.
  if (looked_us_ - counted_us_ >= kProgressIntervalUs || looked_us_ < counted_us_) {
    counted_us_ = looked_us_;
    count_up();
  }
  return true;
}

void Walker::record_again(const struct statx& st) {
  begin_look();
  const std::string with_slash = path_;
  path_.resize(std::max<std::size_t>(prefix_bytes_ - 1, 1));
  hand_over(st);
  path_ = with_slash;
}

void Walker::begin_look() {
  version_ = consumer_.next_version();
  looked_us_ = wall_us();
}

bool Walker::hand_over(const struct statx& st) {
  FileRecord record;
  record.backup_time_us = looked_us_;
  const bool all_times = set_from_stat(record, st);
  if (record.file_type.empty()) {
    report(path_, "of no known type");
    return false;
  }
  if (!all_times && context_.progress.times_left_out.fetch_add(1, std::memory_order_relaxed) == 0) {
    context_.observer.time_left_out(path_);
  }

  record.path = path_;
  if (!owner_names_.knows(st.stx_uid, st.stx_gid)) {
    const AnswerWatch::Waiting waiting(watch_, "look-up of the owner's name");
    try {
      owner_names_.look_up(st.stx_uid, st.stx_gid);
    } catch (const Error&) {  // for a lack of descriptors
      give_descriptors_back();
      owner_names_.look_up(st.stx_uid, st.stx_gid);
    }
  }

  record.owner = owner_names_.user();
  record.group = owner_names_.group();
  consumer_.take(version_, record);
  return true;
}

void Walker::set_directory(const Directory& directory) {
  path_ = directory.path();
  own_names_ = context_.own_files.names_in(path_);
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
  context_.observer.unreadable({std::move(path), std::move(reason), kind});
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
