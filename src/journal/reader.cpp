#include "journal/reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "forebay/error.hpp"

namespace forebay {
namespace {

constexpr std::size_t kReadBytes = std::size_t{256} * 1024;
constexpr std::uint64_t kSearchBudgetBytes = std::uint64_t{2} << 30;
constexpr std::uint64_t kLookBytes = 32;  // what a look at one place costs, in bytes summed up

std::uint32_t get_u32(const char* at) {
  std::uint32_t v = 0;
  std::memcpy(&v, at, sizeof v);
  return v;
}
std::uint64_t get_u64(const char* at) {
  std::uint64_t v = 0;
  std::memcpy(&v, at, sizeof v);
  return v;
}

/// A whole record or trailer at the front of `bytes`; 0 when there is none, else its size.
std::size_t whole_record(std::string_view bytes, std::uint64_t seed) {
  if (bytes.size() < kRecordHeadBytes) return 0;
  const std::uint32_t mark = get_u32(bytes.data());
  const std::size_t size = mark == kTrailerMark ? kTrailerBytes - kRecordHeadBytes : mark;
  if (size < 8 || size > kRecordBytesMax || bytes.size() - kRecordHeadBytes < size) return 0;
  if (record_checksum(bytes.substr(kRecordHeadBytes, size), seed) != get_u32(bytes.data() + 4)) return 0;
  return kRecordHeadBytes + size;
}

}  // namespace

JournalReader::JournalReader(const std::filesystem::path& path)
    : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {
  if (!file_) throw io_error("open", path, errno);
  struct stat st {};
  if (::fstat(file_.get(), &st) == 0) summary_.bytes = static_cast<std::uint64_t>(st.st_size);

  fill(kJournalPrefixBytes);
  if (window_.size() >= kJournalPrefixBytes) {
    fill(kJournalPrefixBytes + std::min(get_u32(window_.data() + 12), kJournalHeaderBytesMax));
  }

  header_ = decode_journal_header(window_, seed_, at_);
  summary_.header = header_;
}

/// Makes sure that `bytes_wanted` bytes lie in the window from at_ on, as far as the file has them.
bool JournalReader::fill(std::size_t bytes_wanted) {
  if (window_.size() - at_ >= bytes_wanted) return true;

  window_.erase(0, at_);
  window_offset_ += at_;
  at_ = 0;

  // A length read from a damaged file must not make us ask for more memory than the file has bytes.
  const std::uint64_t left = summary_.bytes > window_offset_ ? summary_.bytes - window_offset_ : 0;
  const auto target = static_cast<std::size_t>(std::min<std::uint64_t>(std::max(bytes_wanted, kReadBytes), left));
  while (window_.size() < target) {
    const std::size_t before = window_.size();
    window_.resize(target);
    const ssize_t n =
        ::pread(file_.get(), window_.data() + before, target - before, static_cast<off_t>(window_offset_ + before));
    window_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw io_error("read", path_, errno);
    if (n == 0) break;
  }

  return window_.size() >= bytes_wanted;
}

JournalReader::Step JournalReader::step(RowSet* rows) {
  if (ended_) return Step::end;
  ended_ = true;  // unless a row follows
  if (!fill(kRecordHeadBytes)) return end_in_record_head();

  const std::uint32_t mark = get_u32(window_.data() + at_);
  const std::size_t body = mark == kTrailerMark ? kTrailerBytes - kRecordHeadBytes : mark;
  const bool plausible = body >= 8 && body <= kRecordBytesMax && fill(kRecordHeadBytes + body);
  const std::size_t size =
      plausible ? whole_record(std::string_view(window_).substr(at_, kRecordHeadBytes + body), seed_) : 0;
  // No record begins as a trailer does: all that is missing is the rest of that.
  const bool cut_trailer = mark == kTrailerMark && summary_.bytes - window_offset_ - at_ < kTrailerBytes;
  if (size == 0) return cut_trailer ? end_here(JournalEnd::unsealed) : end_at_bad_record();

  const std::string_view content = std::string_view(window_).substr(at_ + kRecordHeadBytes, body);
  if (mark == kTrailerMark) return end_at_trailer(content);
  if (rows != nullptr && !decode_record(content, header_.stream, row_ + 1, *rows)) return end_at_bad_record();

  count_row(content);
  at_ += size;
  ended_ = false;
  return Step::row;
}

/// `content`: of the record at which the reader is.
void JournalReader::count_row(std::string_view content) {
  const auto version = static_cast<std::int64_t>(get_u64(content.data()));
  summary_.version_min = row_ == 0 ? version : std::min(summary_.version_min, version);
  summary_.version_max = row_ == 0 ? version : std::max(summary_.version_max, version);
  digest_ = next_digest(digest_, get_u32(window_.data() + at_ + 4));
  summary_.rows = ++row_;
}

JournalReader::Step JournalReader::end_here(JournalEnd end) {
  summary_.end = end;
  summary_.bad_offset = window_offset_ + at_;
  return Step::end;
}

JournalReader::Step JournalReader::end_in_record_head() {
  const std::size_t left = window_.size() - at_;
  const bool of_trailer = left >= sizeof kTrailerMark && get_u32(window_.data() + at_) == kTrailerMark;
  return end_here(left == 0 || of_trailer ? JournalEnd::unsealed : JournalEnd::torn_tail);
}

JournalReader::Step JournalReader::end_at_trailer(std::string_view content) {
  const std::uint64_t rows = get_u64(content.data());
  const bool matches = rows == row_ && get_u64(content.data() + 8) == digest_;
  const bool last = window_offset_ + at_ + kTrailerBytes == summary_.bytes;
  if (rows > row_) summary_.lost_rows_min = rows - row_;
  summary_.lost_rows_known = summary_.lost_rows_min > 0;
  return end_here(matches && last ? JournalEnd::sealed : JournalEnd::damaged);
}

/// At a record that does not verify: with nothing whole after it, it is the tail that a dying writer left; with a whole
/// record after it, something happened to the file. Looks at every byte of the rest; what each may cost is paid from a
/// budget, so that no file, however it was made, takes more than a moment. What is left when that is used up is more
/// than a dying writer leaves.
JournalReader::Step JournalReader::end_at_bad_record() {
  end_here(JournalEnd::torn_tail);
  std::uint64_t found = 0;
  std::uint64_t budget = kSearchBudgetBytes;

  ++at_;
  while (fill(kRecordHeadBytes)) {
    const std::uint32_t mark = get_u32(window_.data() + at_);
    const std::size_t body = mark == kTrailerMark ? kTrailerBytes - kRecordHeadBytes : mark;
    const std::uint64_t left = summary_.bytes - window_offset_ - at_ - kRecordHeadBytes;
    const bool plausible = body >= 8 && body <= std::min<std::uint64_t>(kRecordBytesMax, left);
    const std::uint64_t cost = kLookBytes + (plausible ? body : 0);  // to read and to sum up
    if (cost > budget) {
      summary_.end = JournalEnd::damaged;
      break;
    }
    budget -= cost;

    std::size_t size = 0;
    if (plausible && fill(kRecordHeadBytes + body)) {
      size = whole_record(std::string_view(window_).substr(at_, kRecordHeadBytes + body), seed_);
    }
    if (size != 0) {
      summary_.end = JournalEnd::damaged;
      if (mark != kTrailerMark) ++found;
    }
    at_ += std::max<std::size_t>(size, 1);
  }

  summary_.lost_rows_min = found;
  return Step::end;
}

bool JournalReader::next(RowSet& rows, std::uint64_t rows_max) {
  std::uint64_t read = 0;
  while (read < rows_max && step(&rows) == Step::row) ++read;
  return read > 0;
}

void JournalReader::skip(std::uint64_t rows) {
  for (; rows > 0 && step(nullptr) == Step::row; --rows) {
  }
}

JournalSummary JournalReader::summarize(const std::filesystem::path& path) {
  JournalReader reader(path);
  reader.skip(std::numeric_limits<std::uint64_t>::max());
  return reader.summary();
}

std::uint64_t JournalReader::readable_rows(const std::filesystem::path& path) {
  if (path.empty()) return 0;
  try {
    return summarize(path).rows;
  } catch (const Error&) {
    return 0;
  }
}

}  // namespace forebay
