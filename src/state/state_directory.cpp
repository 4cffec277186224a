#include "state/state_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <random>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/crash_point.hpp"
#include "base/io.hpp"
#include "base/private_path.hpp"
#include "base/version_clock.hpp"
#include "forebay/error.hpp"
#include "quarantine/file.hpp"
#include "state/state_directory_check.hpp"

namespace forebay {
namespace fs = std::filesystem;

namespace {

/// Files of ours in a buffer's folder besides journals, in the order in which they are removed: without its manifest a
/// folder holds no rows any more; the lock goes last, while locked, and who opened it meanwhile sees that it is gone.
constexpr std::array<std::string_view, 16> kOwnFiles = {kSocketPlaceName,
                                                        kQuarantineJournalName,
                                                        "last-error.new",
                                                        "last-error",
                                                        "clock-apart.new",
                                                        "clock-apart",
                                                        "version-shift.new",
                                                        "version-shift",
                                                        "checkpoint-number.new",
                                                        "checkpoint-number",
                                                        "journals-complete",
                                                        "ended.new",
                                                        "ended",
                                                        "manifest.new",
                                                        "manifest",
                                                        "lock"};

/// False when the folder holds anything else, or is not there.
bool holds_only_own_files(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (std::find(kOwnFiles.begin(), kOwnFiles.end(), name) == kOwnFiles.end()) return false;
  }
  return !error;
}

bool remove_own_files(const fs::path& folder) {
  if (!holds_only_own_files(folder)) return false;
  for (const std::string_view name : kOwnFiles) {
    if (name == "manifest") crash_point("before a buffer's manifest goes");
    if (name == "lock") crash_point("before a buffer's lock goes");
    ::unlink((folder / name).c_str());
  }
  crash_point("before a buffer's folder goes");
  return ::rmdir(folder.c_str()) == 0 || errno == ENOENT;  // who looks for orphans removes empty folders, too
}

/// So that nothing on the way to `folder` is missing after a power loss, whichever process of ours made it. Where we
/// may not write, none did.
void flush_folder_and_parents(fs::path folder) {
  for (;; folder = folder.parent_path()) {
    if (::access(folder.c_str(), R_OK | W_OK) == 0) flush_posix_folder(folder);
    if (folder == folder.parent_path()) return;
  }
}

/// A folder that was being made. Its lock is taken first of all; while it is held, its maker lives. In the moment
/// before that the folder is empty: taking it away then only makes create_buffer() begin again.
void remove_half_made(const fs::path& folder) {
  if (::rmdir(folder.c_str()) == 0 || !private_directory_problem(folder).empty()) return;
  try {
    const FileLock::Attempt attempt = FileLock::try_lock(folder / "lock");  // held until all is gone
    if (attempt.outcome == FileLock::Outcome::taken) remove_own_files(folder);
  } catch (const Error&) {
    // Not of our making.
  }
}

/// A full disk is the machine's matter; anything else is the setting's.
Error cannot_make(const fs::path& path, const fs::path& what, int error) {
  if (error == ENOSPC || error == EDQUOT) return state_io_error("create directory", what, error);
  return {ErrorCode::usage, "state directory " + path.string() + " cannot be made: " + what.string() + ": " +
                                std::generic_category().message(error) +
                                "; set FOREBAY_STATE_DIR to a directory that this user may write to"};
}

constexpr const char* kWithoutLock =
    "its file `lock` is gone, so nothing shows whether its process lives; when it does not, make an empty file of that "
    "name (mode 600) in it";

}  // namespace

StateDirectory::StateDirectory(fs::path path) : path_(std::move(path)) {
  std::error_code error;
  path_ = fs::absolute(path_);
  const fs::file_status there = fs::symlink_status(path_, error);
  if (there.type() == fs::file_type::none) throw cannot_make(path_, path_, error.value());
  if (there.type() == fs::file_type::not_found) {
    fs::create_directories(path_.parent_path(), error);
    if (error) throw cannot_make(path_, path_.parent_path(), error.value());
    if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) throw cannot_make(path_, path_, errno);
  } else if (there.type() == fs::file_type::symlink) {
    const fs::path target = fs::canonical(path_, error);  // a link that the user made; what it points at is checked
    if (error) throw cannot_make(path_, path_, error.value());
    path_ = target;
  }

  const StateDirectoryReport report = check_state_directory(path_);
  if (report.problem) throw Error(ErrorCode::usage, "state directory " + path_.string() + ": " + *report.problem);
  make_private_directory(path_ / "buffers");
}

std::string StateDirectory::new_buffer_id() {
  std::random_device random;
  char id[64];

  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char when[24];
  std::strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &utc);

  std::snprintf(id, sizeof id, "%s-%ld-%08x", when, static_cast<long>(::getpid()), random());
  return id;
}

BufferFolder StateDirectory::create_buffer(Durability durability, const std::string& destination,
                                           const fs::path& checkpoint_directory) const {
  const VersionClock::Sources clocks = VersionClock::system_sources();
  const bool flush = durability == Durability::power;

  for (int attempt = 1;; ++attempt) {
    const std::string id = new_buffer_id();
    Manifest manifest{id,           host_name(),          boot_id(),
                      machine_id(), ::getpid(),           durability,
                      destination,  checkpoint_directory, clocks.wall_us() - clocks.boot_us()};

    // Under a name that no one adopts, until it is locked: there is no moment in which it looks like an orphan.
    const fs::path making = path_ / "buffers" / ("." + id);
    fs::path path = path_ / "buffers" / id;
    FileLock::Attempt attempted;
    try {
      if (::mkdir(making.c_str(), 0700) != 0) {
        const int why = errno;
        throw state_io_error("create directory", making, why);
      }
      crash_point("a buffer's folder is made, without a lock");
      attempted = FileLock::create(making / "lock");
    } catch (const Error&) {
      // Who cleans up after a kill may have taken the folder before it was locked.
      std::error_code ignored;
      if (attempt < 100 && fs::exists(path_ / "buffers", ignored) && !fs::exists(making, ignored)) continue;
      throw;
    }

    if (attempted.outcome != FileLock::Outcome::taken) continue;
    attempted.lock->show(FileLock::Holder::maker);
    try {
      write_manifest(making, manifest, flush);
      crash_point("a buffer's folder is locked, without its name");
      if (::rename(making.c_str(), path.c_str()) != 0) throw io_error("rename", making, errno);
    } catch (const Error&) {
      remove_own_files(making);
      throw;
    }

    if (flush) flush_folder_and_parents(path_ / "buffers");
    crash_point("a buffer's folder has its name");
    return {std::move(path), std::move(manifest), std::move(*attempted.lock)};
  }
}

std::vector<fs::path> StateDirectory::folders() const {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::directory_iterator entry(path_ / "buffers", error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (!entry->is_regular_file(ignored)) paths.push_back(entry->path());
  }

  if (error) throw io_error("read directory", path_ / "buffers", error.value());
  std::sort(paths.begin(), paths.end());  // names begin with the time: oldest first
  return paths;
}

FoundOrphans StateDirectory::lock_orphans(const Wanted& wanted) const {
  FoundOrphans found;
  for (const fs::path& path : folders()) {
    if (path.filename().string().front() == '.') {
      remove_half_made(path);
      continue;
    }
    if (wanted.only_quarantined && !is_there(path / kQuarantineName)) continue;
    if (::rmdir(path.c_str()) == 0) continue;  // a kill came between removing its last file and itself

    try {
      look_at(path, wanted, found);
    } catch (const Error& e) {
      found.left_alone.push_back({path, LeftAlone::Cause::unreadable, e.what()});
    }
  }
  return found;
}

void StateDirectory::look_at(const fs::path& path, const Wanted& wanted, FoundOrphans& found) {
  using Cause = LeftAlone::Cause;
  const auto leave = [&](Cause cause, std::string why) { found.left_alone.push_back({path, cause, std::move(why)}); };

  if (const std::string problem = private_directory_problem(path); !problem.empty()) {
    if (is_there(path)) leave(Cause::unreadable, problem);
    return;
  }

  FileLock::Attempt attempt = FileLock::try_lock(path / "lock");
  if (attempt.outcome == FileLock::Outcome::held) {
    ++found.in_use;
    return;
  }
  found.free.push_back(path);
  if (attempt.outcome == FileLock::Outcome::gone) {
    if (is_there(path) && !is_there(path / "lock")) leave(Cause::unreadable, kWithoutLock);
    return;
  }

  if (!is_there(path / "manifest") && remove_own_files(path)) return;  // its removal was cut short
  if (!wanted.buffer.empty() && path.filename() != wanted.buffer) return;

  BufferFolder folder{path, {}, std::move(*attempt.lock)};
  Manifest& m = folder.manifest;
  try {
    m = read_manifest(path);
  } catch (const Error& e) {
    if (e.code() == ErrorCode::not_built_yet) return leave(Cause::unreadable, e.what());
    if (!wanted.any_destination) {
      return leave(Cause::unreadable,
                   e.what() + std::string("; forebay recover --to URL sends its rows, if they were meant for URL"));
    }
    // The journals say themselves which buffer and stream their rows are of.
    m.buffer = path.filename().string();
    m.host = host_name();
  }

  const std::string command = wanted.only_quarantined ? "retry-errors" : "recover";
  if (!wanted.any_destination && m.destination != wanted.destination) {
    leave(Cause::other_destination,
          "its rows are for " + m.destination + " (forebay " + command + " --to URL sends them elsewhere)");
  } else if (!wanted.any_destination && m.host != wanted.host && !is_of_this_host(m)) {
    leave(Cause::other_host, "it was written on host " + m.host + " (when no process runs there any more, forebay " +
                                 command + " --host " + m.host + " sends its rows from here)");
  } else {
    crash_point("an orphan is locked");
    folder.lock.show(FileLock::Holder::adopter);
    found.locked.push_back(std::move(folder));
  }
}

bool StateDirectory::all_free(const FoundOrphans& found) const {
  if (found.in_use > 0) return false;
  return std::ranges::all_of(folders(), [&](const fs::path& path) {
    return path.filename().string().front() == '.' || std::ranges::find(found.free, path) != found.free.end();
  });
}

bool StateDirectory::remove_buffer(const BufferFolder& folder) { return remove_own_files(folder.path); }

}  // namespace forebay
