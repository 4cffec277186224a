#include "cli/log_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/io.hpp"
#include "base/path.hpp"
#include "forebay/error.hpp"

namespace forebay::cli {
namespace {

constexpr std::chrono::seconds kLookEvery{1};
constexpr int kReaderPatience_ms = 100;

/// stdout or stderr, when it is the same file: it is not to be opened again, as each would overwrite the other's lines.
int standard_stream(const struct stat& st) {
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat stream = {};
    if (::fstat(fd, &stream) == 0 && stream.st_dev == st.st_dev && stream.st_ino == st.st_ino) return fd;
  }
  return -1;
}

std::string cause(int error) {
  if (error == ENXIO || error == EPIPE) return "nobody reads this FIFO";
  if (error == EAGAIN) return "the reader of this FIFO has stopped reading";
  return std::generic_category().message(error);
}

}  // namespace

std::optional<std::string> LogFile::problem(const std::filesystem::path& path) {
  struct stat st = {};
  if (::stat(path.c_str(), &st) != 0) return errno == ENOENT ? why_not_to_be_made(path) : cause(errno);
  if (S_ISDIR(st.st_mode)) return "it is a directory; name a file in it";
  if (S_ISSOCK(st.st_mode)) return "it is a socket; name a file";
  if (::access(path.c_str(), W_OK) != 0) return cause(errno) + disk_advice(errno, path, "FOREBAY_LOG_FILE");
  return std::nullopt;
}

LogFile::LogFile(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code ignored;
  std::filesystem::create_directories(path_.parent_path(), ignored);
  failed_ = open();

  struct stat st = {};
  const bool fifo = ::stat(path_.c_str(), &st) == 0 && S_ISFIFO(st.st_mode);
  if (failed_ == 0 || (failed_ == ENXIO && fifo)) return;
  throw Error(ErrorCode::usage, "FOREBAY_LOG_FILE: cannot open " + path_.string() + ": " +
                                    (failed_ == ENXIO ? "it is a socket" : cause(failed_)) +
                                    disk_advice(failed_, path_, "FOREBAY_LOG_FILE"));
}

int LogFile::open() {
  looked_at_ = Clock::now();
  // O_NONBLOCK: opening a FIFO would wait for its reader.
  fd_ = UniqueFd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666));
  struct stat st = {};
  if (!fd_ || ::fstat(fd_.get(), &st) != 0) return errno;
  device_ = st.st_dev;
  inode_ = st.st_ino;

  const int stream = standard_stream(st);
  own_ = stream < 0;
  if (!own_) {
    fd_ = UniqueFd(::fcntl(stream, F_DUPFD_CLOEXEC, 3));
    if (!fd_) return errno;
  } else if (!S_ISFIFO(st.st_mode)) {  // a FIFO's reader may stop reading
    ::fcntl(fd_.get(), F_SETFL, O_APPEND);
  }
  return 0;
}

/// Whether what stands under the name is still what is open.
void LogFile::look_again() {
  if (Clock::now() - looked_at_ < kLookEvery) return;
  looked_at_ = Clock::now();
  struct stat st = {};
  if (fd_ && (!own_ || (::stat(path_.c_str(), &st) == 0 && st.st_dev == device_ && st.st_ino == inode_))) return;
  cut_ = false;
  failed_ = open();
  if (failed_ != 0) fd_.reset();
}

int LogFile::put(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      cut_ = !bytes.empty();
      continue;
    }
    if (errno == EINTR) continue;

    const int error = errno;
    pollfd reader{fd_.get(), POLLOUT, 0};
    // It may only be slow; but who was waited for in vain is not waited for again until it reads.
    if (error == EAGAIN && told_ == 0 && ::poll(&reader, 1, kReaderPatience_ms) == 1) continue;
    if (error == EPIPE) fd_.reset();
    return failed_ = error;
  }
  return 0;
}

std::optional<std::string> LogFile::missed(int error) {
  ++missed_;
  if (std::exchange(told_, error) == error) return std::nullopt;
  return "FOREBAY_LOG_FILE: cannot write to " + path_.string() + ": " + cause(error) +
         disk_advice(error, path_, "FOREBAY_LOG_FILE") + "; lines go to stderr alone until it can be written to";
}

std::optional<std::string> LogFile::write(std::string_view line) {
  look_again();
  if (!fd_) return missed(failed_);
  const std::string whole = (cut_ ? "\n" : "") + std::string(line);
  if (const int error = put(whole); error != 0) return missed(error);
  told_ = 0;
  if (missed_ == 0) return std::nullopt;
  const std::string count = std::to_string(std::exchange(missed_, 0));
  return "FOREBAY_LOG_FILE: " + path_.string() + " can be written to again; it lacks " + count + " lines";
}

}  // namespace forebay::cli
