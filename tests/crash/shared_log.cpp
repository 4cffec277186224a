#include "crash/shared_log.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

namespace forebay::crash {
namespace {

constexpr std::uint64_t kLayout = sizeof(LogHeader) * 1000 + kCrashPoints.size();
constexpr std::size_t kHeaderBytes = (sizeof(LogHeader) + 4095) / 4096 * 4096;

std::runtime_error failed(const std::string& doing, const std::filesystem::path& file) {
  return std::runtime_error("cannot " + doing + " " + file.string() + ": " + std::strerror(errno));
}

template <std::size_t N>
void set(std::array<char, N>& into, const std::string& text) {
  const std::size_t n = std::min(text.size(), N - 1);
  std::copy_n(text.begin(), n, into.begin());
  into[n] = '\0';
}

}  // namespace

SharedLog::SharedLog(int descriptor, std::size_t bytes) : bytes_(bytes) {
  memory_ = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  if (memory_ == MAP_FAILED) throw std::runtime_error("cannot map a log: " + std::string(std::strerror(errno)));
  header_ = static_cast<LogHeader*>(memory_);
  attempts_ = reinterpret_cast<Attempt*>(static_cast<char*>(memory_) + kHeaderBytes);
}

SharedLog SharedLog::create(const std::filesystem::path& file, std::uint64_t attempts_max) {
  const std::size_t bytes = kHeaderBytes + kWritersMax * attempts_max * sizeof(Attempt);
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0 || ::ftruncate(descriptor, static_cast<off_t>(bytes)) != 0) throw failed("create", file);
  SharedLog log(descriptor, bytes);
  new (log.memory_) LogHeader;
  log.header_->layout = kLayout;
  log.header_->attempts_max = attempts_max;
  return log;
}

SharedLog SharedLog::open(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) throw failed("open", file);
  SharedLog log(descriptor, std::filesystem::file_size(file));
  if (log.header_->layout != kLayout) throw std::runtime_error(file.string() + " is the log of another build");
  return log;
}

SharedLog::SharedLog(SharedLog&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      bytes_(other.bytes_),
      header_(other.header_),
      attempts_(other.attempts_) {}

SharedLog::~SharedLog() {
  if (memory_ != nullptr) ::munmap(memory_, bytes_);
}

std::uint64_t SharedLog::acknowledged_rows() const {
  std::uint64_t rows = 0;
  for (const WriterLog& w : header_->writer) rows += w.acknowledged.load();
  return rows;
}

std::uint64_t SharedLog::passes(Phase phase) const {
  std::uint64_t passes = 0;
  for (std::size_t i = 0; i < kCrashPoints.size(); ++i) {
    if (kCrashPoints[i].phase == phase) passes += header_->passes[i].load();
  }
  return passes;
}

Phase SharedLog::phase() const {
  constexpr std::array kRarestFirst = {Phase::checkpoint, Phase::adoption, Phase::evict,  Phase::removal,
                                       Phase::seal,       Phase::flush,    Phase::commit, Phase::group_commit,
                                       Phase::copy,       Phase::start,    Phase::add};
  for (const Phase p : kRarestFirst) {
    if (anyone_in(p)) return p;
  }
  return Phase::idle;
}

bool SharedLog::anyone_in(Phase phase) const {
  return std::any_of(header_->phase_of_slot.begin(), header_->phase_of_slot.end(),
                     [phase](const auto& slot) { return slot.load() == phase; });
}

void set_text(std::array<char, 32>& into, const std::string& text) { set(into, text); }
void set_text(std::array<char, 512>& into, const std::string& text) { set(into, text); }

}  // namespace forebay::crash
