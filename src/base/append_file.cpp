#include "base/append_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "base/disk_advice.hpp"
#include "base/io_error.hpp"
#include "base/unique_fd.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace {

Error failed(const char* doing, const std::filesystem::path& path, int error) {
  return io_error(doing, path, error, disk_advice(error, path, "FOREBAY_STATE_DIR"));
}

class PosixFile final : public AppendFile {
 public:
  explicit PosixFile(std::filesystem::path path)
      : path_(std::move(path)), fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (!fd_) throw failed("create", path_, errno);
  }

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw failed("write", path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  void flush() override {
    if (::fdatasync(fd_.get()) != 0) throw failed("flush", path_, errno);
  }

 private:
  std::filesystem::path path_;
  UniqueFd fd_;
};

}  // namespace

std::unique_ptr<AppendFile> create_posix_file(const std::filesystem::path& path) {
  return std::make_unique<PosixFile>(path);
}

void flush_posix_folder(const std::filesystem::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw failed("open", folder, errno);
  if (::fsync(fd.get()) != 0) throw failed("flush", folder, errno);
}

}  // namespace forebay
