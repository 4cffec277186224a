#include "control/socket_place.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <random>
#include <system_error>
#include <vector>

#include "base/io.hpp"
#include "forebay/error.hpp"

namespace forebay::control {
namespace fs = std::filesystem;

namespace {

constexpr int kBacklog = 64;

/// False when the path does not fit.
bool fill_address(sockaddr_un& address, const fs::path& path) {
  if (path.native().size() > kSocketPathBytesMax) return false;
  address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  return true;
}

/// Opens a directory that is ours alone to write to; a link is not followed.
UniqueFd open_own_folder(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat st {};
  if (!fd || ::fstat(fd.get(), &st) != 0) throw io_error("open directory", path, errno);
  if (st.st_uid != ::geteuid()) throw Error(ErrorCode::local, path.string() + " belongs to another user");
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw Error(ErrorCode::local, "others may write to " + path.string() + "; chmod 700 it");
  }
  return fd;
}

void make_private_folder(const fs::path& path) {
  open_own_folder(path.parent_path());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw io_error("create directory", path, errno);
  const UniqueFd fd = open_own_folder(path);
  if (::fchmod(fd.get(), 0700) != 0) throw io_error("chmod", path, errno);
}

/// No name of a socket ends like this, so a new one is not taken for a dead one before it listens.
std::string name_while_made() {
  char name[16];
  std::snprintf(name, sizeof name, ".%08x", std::random_device()());
  return name;
}

bool nobody_listens(const fs::path& path) {
  struct stat st {};
  sockaddr_un address{};
  if (::lstat(path.c_str(), &st) != 0 || !S_ISSOCK(st.st_mode) || !fill_address(address, path)) return false;
  const std::string name = path.filename().string();
  // Between its making and its listening a socket looks dead.
  constexpr std::time_t kMadeWithin_s = 60;
  if (name.front() == '.' && st.st_mtime + kMadeWithin_s > std::time(nullptr)) return false;

  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
         errno == ECONNREFUSED;
}

}  // namespace

fs::path usual_socket(const fs::path& state_directory, const std::string& buffer) {
  return state_directory / "run" / (buffer + ".sock");
}

fs::path choose_socket(const fs::path& state_directory, const std::string& buffer, const fs::path& runtime_directory) {
  fs::path usual = usual_socket(state_directory, buffer);
  if (usual.native().size() <= kSocketPathBytesMax) return usual;

  const std::string why = "the path of the state directory is too long for a socket in it";
  if (!runtime_directory.is_absolute()) throw Error(ErrorCode::local, why + ", and XDG_RUNTIME_DIR is not set");
  fs::path other = runtime_directory / "forebay" / (buffer + ".sock");
  if (other.native().size() <= kSocketPathBytesMax) return other;
  throw Error(ErrorCode::local, why + ", and so is that of XDG_RUNTIME_DIR");
}

fs::path find_socket(const fs::path& buffer_folder) {
  const fs::path record = buffer_folder / "control";
  struct stat st {};
  if (::lstat(record.c_str(), &st) == 0 && S_ISREG(st.st_mode)) {
    std::ifstream in(record);
    std::string line;
    if (std::getline(in, line) && fs::path(line).is_absolute()) return line;
  }
  return usual_socket(buffer_folder.parent_path().parent_path(), buffer_folder.filename().string());
}

ListeningSocket::ListeningSocket(fs::path path)
    : path_(std::move(path)), fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  if (!fd_) throw io_error("make a socket for", path_, errno);

  const fs::path folder = path_.parent_path();
  make_private_folder(folder);
  const fs::path making = folder / name_while_made();
  sockaddr_un address{};
  if (!fill_address(address, path_) || !fill_address(address, making)) throw io_error("bind", path_, ENAMETOOLONG);
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw io_error("bind", making, errno);
  }

  struct stat st {};
  int error = 0;
  if (::chmod(making.c_str(), 0600) != 0 || ::listen(fd_.get(), kBacklog) != 0 || ::lstat(making.c_str(), &st) != 0 ||
      ::link(making.c_str(), path_.c_str()) != 0) {
    error = errno;
  }

  ::unlink(making.c_str());
  if (error != 0) throw io_error("put a socket at", path_, error);
  device_ = st.st_dev;
  inode_ = st.st_ino;
}

ListeningSocket::~ListeningSocket() {
  struct stat st {};
  if (path_.empty() || ::lstat(path_.c_str(), &st) != 0) return;
  if (st.st_dev == device_ && st.st_ino == inode_) ::unlink(path_.c_str());
}

void remove_dead_sockets(const fs::path& folder) noexcept {
  try {
    if (::access(folder.c_str(), F_OK) != 0) return;
    open_own_folder(folder);
    std::error_code error;
    std::vector<fs::path> dead;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      if (nobody_listens(it->path())) dead.push_back(it->path());
    }
    for (const fs::path& path : dead) ::unlink(path.c_str());
  } catch (const std::exception&) {  // not a folder of ours, or no memory: nothing is lost but tidiness
  }
}

}  // namespace forebay::control
