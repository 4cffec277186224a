#include "base/private_path.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include "base/io.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace {

Error planted(const std::filesystem::path& path, const char* what) {
  return {ErrorCode::local, path.string() + " is " + what +
                                " where forebay keeps a file of its own; nothing of it was read: look who put it "
                                "there, and remove it"};
}

}  // namespace

std::string forebay_as(uid_t user) {
  std::vector<char> room(std::size_t{16} * 1024);
  passwd entry = {};
  passwd* found = nullptr;
  const bool named = ::getpwuid_r(user, &entry, room.data(), room.size(), &found) == 0 && found != nullptr;
  const std::string name = named ? found->pw_name : std::to_string(user);
  if (!named) return "setpriv --reuid " + name + " --clear-groups forebay";  // runuser takes names alone
  return "runuser -u " + name + " -- forebay";
}

std::string belongs_elsewhere(const std::filesystem::path& path) {
  struct stat st = {};
  struct stat folder = {};
  if (::lstat(path.c_str(), &st) != 0 || st.st_uid == ::geteuid()) return {};
  if (::stat(path.parent_path().c_str(), &folder) != 0 || folder.st_uid != st.st_uid) return {};
  return "belongs to another user, as does its folder: run this as that user (" + forebay_as(st.st_uid) + " …)";
}

bool is_there(const std::filesystem::path& path) {
  struct stat st = {};
  return ::lstat(path.c_str(), &st) == 0;
}

std::string private_directory_problem(const std::filesystem::path& path) {
  struct stat st = {};
  if (::lstat(path.c_str(), &st) != 0) return std::generic_category().message(errno);
  if (S_ISLNK(st.st_mode)) return "it is a symlink, which is not followed here; remove it";
  if (!S_ISDIR(st.st_mode)) return "it is not a directory; remove it";
  if (const std::string elsewhere = belongs_elsewhere(path); !elsewhere.empty()) return "it " + elsewhere;
  if (st.st_uid != ::geteuid()) return "it belongs to another user; remove it, or chown it";
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return "others may write to it; look what they put there, and chmod 700 it";
  return {};
}

void make_private_directory(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return;
  if (errno != EEXIST) throw state_io_error("create directory", path, errno);
  const std::string problem = private_directory_problem(path);
  if (!problem.empty()) throw Error(ErrorCode::usage, "directory " + path.string() + ": " + problem);
}

UniqueFd open_private_file(const std::filesystem::path& path, int flags) {
  // O_NONBLOCK: opening a FIFO must not wait for its other end. It means nothing for a regular file.
  UniqueFd fd(::open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!fd) {
    if (errno == ENOENT && (flags & O_CREAT) == 0) return fd;
    if (errno == ELOOP) throw planted(path, "a symlink");
    if (errno == EISDIR) throw planted(path, "a directory");
    if (errno == ENXIO) throw planted(path, "a FIFO or a socket");
    throw state_io_error("open", path, errno);
  }

  struct stat st = {};
  if (::fstat(fd.get(), &st) != 0) throw io_error("look at", path, errno);
  if (S_ISFIFO(st.st_mode)) throw planted(path, "a FIFO");
  if (!S_ISREG(st.st_mode)) throw planted(path, "not a regular file");
  if (const std::string elsewhere = belongs_elsewhere(path); !elsewhere.empty()) {
    throw Error(ErrorCode::local, path.string() + " " + elsewhere);
  }
  if (st.st_uid != ::geteuid()) throw planted(path, "another user's file");
  return fd;
}

std::string read_private_file(const std::filesystem::path& path, std::size_t bytes_max) {
  const UniqueFd fd = open_private_file(path, O_RDONLY);
  if (!fd) throw io_error("open", path, ENOENT);

  std::string content(bytes_max, '\0');
  std::size_t size = 0;
  while (size < bytes_max) {
    const ssize_t n = ::pread(fd.get(), content.data() + size, bytes_max - size, static_cast<off_t>(size));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw io_error("read", path, errno);
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }

  content.resize(size);
  return content;
}

int link_empty_file(const std::filesystem::path& path) {
  std::string temporary = path.string() + ".XXXXXX";
  const UniqueFd file(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!file) return errno;

  const int error = ::link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST ? 0 : errno;
  ::unlink(temporary.c_str());
  return error;
}

void write_private_file(const std::filesystem::path& path, const std::string& content, bool flush) {
  std::filesystem::path making = path;
  making += ".new";
  const auto give_up = [&](const char* doing) {
    const int error = errno;
    ::unlink(making.c_str());
    throw state_io_error(doing, path, error);
  };

  ::unlink(making.c_str());  // of a process that was killed here
  const UniqueFd fd = open_private_file(making, O_WRONLY | O_CREAT | O_EXCL);

  std::size_t written = 0;
  while (written < content.size()) {
    const ssize_t n = ::write(fd.get(), content.data() + written, content.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) give_up("write");
    written += static_cast<std::size_t>(n);
  }

  if (flush && ::fsync(fd.get()) != 0) give_up("flush");
  if (::rename(making.c_str(), path.c_str()) != 0) give_up("put in place");
  if (flush) flush_posix_folder(path.parent_path());
}

}  // namespace forebay
