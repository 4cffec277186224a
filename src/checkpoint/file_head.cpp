#include "checkpoint/file_head.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include "checkpoint/format.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace {

// SQLite's "Database File Format" tells what lies where in its header.
constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kHeaderBytes = 100;
constexpr std::size_t kPageSizeAt = 16;
constexpr std::size_t kWriteVersionAt = 18;
constexpr std::size_t kReadVersionAt = 19;
constexpr std::size_t kChangesAt = 24;
constexpr std::size_t kPagesAt = 28;
constexpr std::size_t kAutoVacuumAt = 52;
constexpr std::size_t kEncodingAt = 56;
constexpr std::size_t kUserVersionAt = 60;
constexpr std::size_t kApplicationIdAt = 68;
constexpr std::size_t kPagesValidForAt = 92;

const char* kind_of(mode_t mode) {
  if (S_ISLNK(mode)) return "a symlink; name the file that it points at";
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

class Header {
 public:
  explicit Header(const std::array<unsigned char, kHeaderBytes>& bytes) : bytes_(bytes) {}
  std::uint8_t u8(std::size_t at) const { return bytes_[at]; }
  std::uint32_t u16(std::size_t at) const { return static_cast<std::uint32_t>(bytes_[at] << 8 | bytes_[at + 1]); }
  std::uint32_t u32(std::size_t at) const { return u16(at) << 16 | u16(at + 2); }
  std::string_view start(std::size_t size) const { return {reinterpret_cast<const char*>(bytes_.data()), size}; }

 private:
  const std::array<unsigned char, kHeaderBytes>& bytes_;
};

/// What is wrong with a header of ours in a file of this size; empty: nothing.
std::string problem_of(const Header& h, std::uint64_t bytes) {
  if (h.u8(kWriteVersionAt) != 1 || h.u8(kReadVersionAt) != 1)
    return "it is in SQLite's WAL mode, which none of ours is";
  if (h.u32(kEncodingAt) != 1) return "its text encoding is not UTF-8";
  if (h.u32(kAutoVacuumAt) != 0) return "its pages are laid out in another way than ours are";
  if (h.u32(kPagesValidForAt) != h.u32(kChangesAt)) return "it was changed after it was written";
  const std::uint32_t page = h.u16(kPageSizeAt) == 1 ? 65536 : h.u16(kPageSizeAt);
  if (page < 512 || !std::has_single_bit(page)) return "its page size is none";
  const std::uint64_t should = std::uint64_t{page} * h.u32(kPagesAt);
  if (bytes < should) {
    return "it is cut short: " + std::to_string(bytes) + " of " + std::to_string(should) + " bytes are there";
  }
  if (bytes > should) return std::to_string(bytes - should) + " bytes follow after its end";
  return {};
}

}  // namespace

CheckpointFileHead open_checkpoint_file(const std::filesystem::path& path) {
  const auto cannot_read = [&](int error) {
    return Error(ErrorCode::local,
                 "cannot read checkpoint " + path.string() + ": " + std::generic_category().message(error));
  };
  const auto is_none = [&](const std::string& why) {
    return Error(ErrorCode::usage, path.string() + " is no checkpoint: " + why);
  };
  struct stat st = {};
  if (::lstat(path.c_str(), &st) != 0) throw cannot_read(errno);
  if (!S_ISREG(st.st_mode)) throw is_none(std::string("it is ") + kind_of(st.st_mode));
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) throw cannot_read(errno);
  if (::fstat(file.get(), &st) != 0) throw cannot_read(errno);
  if (!S_ISREG(st.st_mode)) throw is_none(std::string("it is ") + kind_of(st.st_mode));  // swapped meanwhile

  std::array<unsigned char, kHeaderBytes> bytes{};
  const ssize_t n = ::pread(file.get(), bytes.data(), bytes.size(), 0);
  if (n < 0) throw cannot_read(errno);
  if (n == 0) throw Error(ErrorCode::damaged, "checkpoint " + path.string() + " is damaged: it is empty");
  const Header header(bytes);
  const auto got = static_cast<std::size_t>(n);
  if (header.start(std::min(got, kMagic.size())) != kMagic.substr(0, got)) {
    throw is_none("it does not begin as a SQLite file does");
  }
  if (got < kHeaderBytes) {
    throw Error(ErrorCode::damaged, "checkpoint " + path.string() + " is damaged: it is cut short within its header");
  }
  if (header.u32(kApplicationIdAt) != kCheckpointApplicationId) {
    throw is_none("it is a SQLite file of something else (its application_id is not forebay's)");
  }
  const std::uint32_t format = header.u32(kUserVersionAt);
  if (format > kCheckpointFormat) {
    throw Error(ErrorCode::not_built_yet, "checkpoint " + path.string() + " needs a newer forebay: its format is " +
                                              std::to_string(format) + ", and this one reads up to " +
                                              std::to_string(kCheckpointFormat));
  }
  const auto size = static_cast<std::uint64_t>(st.st_size);
  const std::string problem = format == 0 ? "its format number is 0" : problem_of(header, size);
  if (!problem.empty()) {
    throw Error(ErrorCode::damaged, "checkpoint " + path.string() + " is damaged: " + problem);
  }
  return {std::move(file), size, format};
}

}  // namespace forebay
