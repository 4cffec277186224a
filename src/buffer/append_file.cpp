#include "buffer/append_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "forebay/error.hpp"

namespace forebay {
namespace {

Error failed(const char* doing, const std::filesystem::path& path, int error) {
  std::string message =
      std::string("cannot ") + doing + " " + path.string() + ": " + std::generic_category().message(error);
  if (error == ENOSPC || error == EDQUOT) message += "; make room, or point FOREBAY_STATE_DIR at a larger file system";
  return {ErrorCode::local, message};
}

class PosixFile final : public AppendFile {
 public:
  explicit PosixFile(std::filesystem::path path)
      : path_(std::move(path)), fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (fd_ < 0) throw failed("create", path_, errno);
  }
  ~PosixFile() override { ::close(fd_); }

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw failed("write", path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

 private:
  std::filesystem::path path_;
  int fd_;
};

}  // namespace

std::unique_ptr<AppendFile> create_posix_file(const std::filesystem::path& path) {
  return std::make_unique<PosixFile>(path);
}

}  // namespace forebay
