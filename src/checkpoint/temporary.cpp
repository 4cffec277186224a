#include "checkpoint/temporary.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/crash_point.hpp"
#include "base/io.hpp"
#include "base/private_path.hpp"
#include "checkpoint/folder.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kStart = ".checkpoint-";
constexpr std::string_view kEnd = ".tmp";
constexpr const char* kCheckpointNumberName = "checkpoint-number";

Error cannot(const char* doing, const fs::path& path, int error) {
  return io_error(doing, path, error, disk_advice(error, path, "MEMORY_DB_CHECKPOINT_DIR"));
}

UniqueFd open_folder(const fs::path& directory) {
  const auto refuse_unfit = [&] {
    if (const auto problem = checkpoint_directory_problem(directory)) {
      throw Error(ErrorCode::usage, "checkpoint folder " + directory.string() + ": " + *problem);
    }
  };
  refuse_unfit();

  std::error_code error;
  if (directory.has_parent_path()) fs::create_directories(directory.parent_path(), error);
  if (error) throw cannot("create directory", directory.parent_path(), error.value());
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) throw cannot("create directory", directory, errno);
  refuse_unfit();  // someone else may have been faster

  UniqueFd folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) throw cannot("open directory", directory, errno);
  return folder;
}

bool still_there(int fd, const fs::path& path) {
  struct stat held = {};
  struct stat there = {};
  return ::fstat(fd, &held) == 0 && ::lstat(path.c_str(), &there) == 0 && held.st_ino == there.st_ino &&
         held.st_dev == there.st_dev;
}

/// Removes temporaries whose writers are dead: their locks are free.
void remove_leftovers(const fs::path& directory) {
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(kStart) || !name.ends_with(kEnd)) continue;
    const UniqueFd file(::open(at->path().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 || !still_there(file.get(), at->path())) continue;
    ::unlink(at->path().c_str());
  }
}

std::uint64_t greatest_number(const fs::path& directory, std::string_view buffer) {
  std::uint64_t greatest = 0;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const auto parsed = parse_checkpoint_name(name);
    if (parsed && parsed->buffer == buffer) greatest = std::max(greatest, parsed->number);
  }
  if (error) throw cannot("read directory", directory, error.value());
  return greatest;
}

/// What this process has drawn, so that numbers go up also where a hook moves the files away.
std::uint64_t drawn_before(const fs::path& directory, const std::string& buffer, std::uint64_t drawn = 0) {
  static std::mutex mutex;
  static std::map<std::pair<fs::path, std::string>, std::uint64_t> numbers;
  const std::lock_guard lock(mutex);
  std::uint64_t& number = numbers[{directory, buffer}];
  return number = std::max(number, drawn);
}

/// In the buffer's folder, for the processes to come. 0: none, or not readable.
std::uint64_t noted_number(const fs::path& note) {
  struct stat st = {};
  if (note.empty() || ::lstat(note.c_str(), &st) != 0) return 0;
  try {
    const std::string text = read_private_file(note, 32);
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  } catch (const Error&) {
    return 0;  // an adopter tells what is wrong with the folder; the names in the checkpoints' folder still count
  }
}

/// Where there is no room for a note there may be room for the checkpoint, which matters more.
void note_number(const fs::path& note, std::uint64_t number) {
  std::error_code ignored;
  if (note.empty() || !fs::is_directory(note.parent_path(), ignored)) return;
  try {
    write_private_file(note, std::to_string(number) + "\n", /*flush=*/true);
  } catch (const Error&) {
  }
}

}  // namespace

CheckpointTemporary::CheckpointTemporary(const fs::path& directory, std::string_view buffer,
                                         const fs::path& buffer_folder)
    : directory_(directory), buffer_(buffer), folder_(open_folder(directory)) {
  remove_leftovers(directory_);
  const fs::path note = buffer_folder.empty() ? fs::path() : buffer_folder / kCheckpointNumberName;
  std::uint64_t number =
      std::max({greatest_number(directory_, buffer_), drawn_before(directory_, buffer_), noted_number(note)}) + 1;
  while (!take_name(number)) ++number;
  number_ = number;
  drawn_before(directory_, buffer_, number);
  note_number(note, number);
}

/// False when another writer of this buffer has or had this number.
bool CheckpointTemporary::take_name(std::uint64_t number) {
  path_ = directory_ / (std::string(kStart) + buffer_ + "-" + std::to_string(number) + std::string(kEnd));
  file_ = UniqueFd(
      ::openat(folder_.get(), path_.filename().c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_) {
    if (errno == EEXIST) return false;
    throw cannot("create", path_, errno);
  }

  // Where locks are not to be had (some network file systems), leftovers are not removed either.
  const bool taken_for_left_over = ::flock(file_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (taken_for_left_over || !still_there(file_.get(), path_)) return false;
  if (greatest_number(directory_, buffer_) < number) return true;
  ::unlink(path_.c_str());  // one with this number was published between our look and now
  return false;
}

CheckpointTemporary::~CheckpointTemporary() {
  if (file_ && !published_) ::unlink(path_.c_str());
}

void CheckpointTemporary::sync() const {
  if (::fsync(file_.get()) != 0) throw cannot("flush", path_, errno);
}

void CheckpointTemporary::publish(const std::string& name) {
  const fs::path to = directory_ / name;
  crash_point("a checkpoint is whole, and has not its name yet");
  if (::renameat2(folder_.get(), path_.filename().c_str(), folder_.get(), name.c_str(), RENAME_NOREPLACE) != 0) {
    // File systems that cannot do that are left with a look before. The number in the name is ours alone.
    if (errno != EINVAL && errno != ENOSYS) throw cannot("rename to", to, errno);
    if (::faccessat(folder_.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) throw cannot("rename to", to, EEXIST);
    if (::renameat(folder_.get(), path_.filename().c_str(), folder_.get(), name.c_str()) != 0) {
      throw cannot("rename to", to, errno);
    }
  }

  published_ = true;
  crash_point("a checkpoint has its name, and its folder is not flushed");
  if (::fsync(folder_.get()) != 0) {
    const int error = errno;
    ::unlinkat(folder_.get(), name.c_str(), 0);  // its name may not last: better none than one that was told as failed
    throw cannot("flush directory", directory_, error);
  }
}

}  // namespace forebay
