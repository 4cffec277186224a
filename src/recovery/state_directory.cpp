#include "recovery/state_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <system_error>
#include <utility>

#include "base/crash_point.hpp"
#include "base/unique_fd.hpp"
#include "buffer/append_file.hpp"
#include "forebay/error.hpp"
#include "recovery/state_directory_check.hpp"

namespace forebay {
namespace fs = std::filesystem;

namespace {

Error failed(const std::string& doing, const fs::path& path, int error) {
  return {ErrorCode::local, "cannot " + doing + " " + path.string() + ": " + std::generic_category().message(error)};
}

std::string trimmed_file(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

constexpr std::array<std::pair<Durability, const char*>, 3> kDurabilityNames = {
    {{Durability::memory, "memory"}, {Durability::process, "process"}, {Durability::power, "power"}}};

void write_manifest(const fs::path& path, const Manifest& m) {
  const nlohmann::json j = {{"format", 1},
                            {"buffer", m.buffer},
                            {"host", m.host},
                            {"boot_id", m.boot_id},
                            {"pid", m.pid},
                            {"durability", kDurabilityNames[static_cast<std::size_t>(m.durability)].second},
                            {"destination", m.destination}};
  std::ofstream out(path);
  out << j.dump(2) << '\n';
  out.close();
  if (!out) throw failed("write", path, errno);
}

void flush_file(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd || ::fsync(fd.get()) != 0) throw failed("flush", path, errno);
}

/// So that nothing on the way to `folder` is missing after a power loss, whichever process of ours made it. Where we may
/// not write, none did.
void flush_folder_and_parents(fs::path folder) {
  for (;; folder = folder.parent_path()) {
    if (::access(folder.c_str(), R_OK | W_OK) == 0) flush_posix_folder(folder);
    if (folder == folder.parent_path()) return;
  }
}

Manifest read_manifest(const fs::path& path) {
  std::ifstream in(path);
  if (!in) throw failed("read", path, errno);
  try {
    const auto j = nlohmann::json::parse(in);
    Manifest m;
    m.buffer = j.at("buffer").get<std::string>();
    m.host = j.at("host").get<std::string>();
    m.boot_id = j.at("boot_id").get<std::string>();
    m.pid = j.at("pid").get<std::int64_t>();
    m.destination = j.at("destination").get<std::string>();
    const auto name = j.at("durability").get<std::string>();
    for (const auto& [d, n] : kDurabilityNames) {
      if (name == n) m.durability = d;
    }
    return m;
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorCode::damaged, "cannot read " + path.string() + ": " + e.what());
  }
}

void make_private_directory(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw failed("create directory", path, errno);
}

void check_private_directory(const fs::path& path) {
  const StateDirectoryReport report = check_state_directory(path);
  if (report.problem) throw Error(ErrorCode::usage, "state directory " + path.string() + ": " + *report.problem);
}

}  // namespace

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::optional<FileLock> FileLock::try_lock(const fs::path& path) {
  FileLock lock(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (lock.fd_ < 0) {
    if (errno == ENOENT) return std::nullopt;
    throw failed("open", path, errno);
  }
  if (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    throw failed("lock", path, errno);
  }
  // Between open and flock its owner may have removed it: then what is locked is no longer what is there.
  struct stat locked {};
  struct stat there {};
  if (::fstat(lock.fd_, &locked) != 0 || ::lstat(path.c_str(), &there) != 0 || locked.st_ino != there.st_ino ||
      locked.st_dev != there.st_dev) {
    return std::nullopt;
  }
  return lock;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

StateDirectory::StateDirectory(fs::path path) : path_(std::move(path)) {
  std::error_code error;
  path_ = fs::absolute(path_);
  const fs::file_status there = fs::symlink_status(path_, error);
  if (there.type() == fs::file_type::none) throw failed("look at", path_, error.value());
  if (there.type() == fs::file_type::not_found) {
    fs::create_directories(path_.parent_path(), error);
    if (error) throw failed("create directory", path_.parent_path(), error.value());
    make_private_directory(path_);
  } else if (there.type() == fs::file_type::symlink) {
    path_ = fs::canonical(path_, error);  // a link that the user made; what it points at is checked
    if (error) throw failed("follow", path_, error.value());
  }
  check_private_directory(path_);
  make_private_directory(path_ / "buffers");
  check_private_directory(path_ / "buffers");
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

BufferFolder StateDirectory::create_buffer(Durability durability, const std::string& destination) const {
  const std::string id = new_buffer_id();
  Manifest manifest{id,         host_name(), trimmed_file("/proc/sys/kernel/random/boot_id"),
                    ::getpid(), durability,  destination};
  // Under a name that no one adopts, until it is locked: there is no moment in which it looks like an orphan.
  const fs::path making = path_ / "buffers" / ("." + id);
  make_private_directory(making);
  crash_point("a buffer's folder is made, without a lock");
  const fs::path lock_path = making / "lock";
  FileLock lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (lock.fd_ < 0) throw failed("create", lock_path, errno);
  if (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) throw failed("lock", lock_path, errno);
  write_manifest(making / "manifest", manifest);
  if (durability == Durability::power) {
    flush_file(making / "manifest");
    flush_posix_folder(making);
  }
  crash_point("a buffer's folder is locked, without its name");
  fs::path path = path_ / "buffers" / id;
  std::error_code error;
  fs::rename(making, path, error);
  if (error) throw failed("rename", making, error.value());
  if (durability == Durability::power) flush_folder_and_parents(path_ / "buffers");
  crash_point("a buffer's folder has its name");
  return {std::move(path), std::move(manifest), std::move(lock)};
}

std::vector<BufferFolder> StateDirectory::lock_orphans(const std::string& destination, bool any_destination,
                                                       std::vector<LeftAlone>& left_alone,
                                                       std::uint64_t& in_use) const {
  in_use = 0;
  std::vector<BufferFolder> orphans;
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_ / "buffers", error)) {
    const std::string name = entry.path().filename().string();
    if (name.front() == '.' || entry.is_symlink() || !entry.is_directory()) continue;
    paths.push_back(entry.path());
  }
  if (error) throw failed("read directory", path_ / "buffers", error.value());
  std::sort(paths.begin(), paths.end());  // names begin with the time: oldest first
  for (const fs::path& path : paths) {
    try {
      auto lock = FileLock::try_lock(path / "lock");
      if (!lock) {
        ++in_use;  // its process lives, or another adopter has it
        continue;
      }
      Manifest manifest = read_manifest(path / "manifest");
      if (manifest.host != host_name()) {
        left_alone.push_back({path, "it was written on host " + manifest.host});
      } else if (!any_destination && manifest.destination != destination) {
        left_alone.push_back(
            {path, "its rows are for " + manifest.destination + " (forebay recover --to URL sends them elsewhere)"});
      } else {
        crash_point("an orphan is locked");
        orphans.push_back({path, std::move(manifest), std::move(*lock)});
      }
    } catch (const Error& e) {
      left_alone.push_back({path, e.what()});
    }
  }
  return orphans;
}

bool StateDirectory::remove_buffer(BufferFolder& folder) {
  std::error_code error;
  const auto known = [](const fs::path& p) { return p.filename() == "lock" || p.filename() == "manifest"; };
  for (const auto& entry : fs::directory_iterator(folder.path, error)) {
    if (!known(entry.path())) return false;
  }
  // The lock file goes last, and while locked: who opened it meanwhile sees that it is gone.
  crash_point("before a buffer's manifest goes");
  fs::remove(folder.path / "manifest", error);
  crash_point("before a buffer's lock goes");
  fs::remove(folder.path / "lock", error);
  crash_point("before a buffer's folder goes");
  return fs::remove(folder.path, error);
}

}  // namespace forebay
