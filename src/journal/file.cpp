#include "journal/file.hpp"

#include <utility>

#include "base/crash_point.hpp"
#include "forebay/error.hpp"

namespace forebay {

JournalFile::JournalFile(const CreateFile& create, std::filesystem::path path, FlushFolder flush_folder)
    : path_(std::move(path)), file_(create(path_)), flush_folder_(std::move(flush_folder)) {}

void JournalFile::write(std::string_view bytes) {
  if (has_failed()) throw Error(ErrorCode::local, error());
  try {
    file_->write(bytes);
  } catch (const Error& e) {
    fail(e.what());
    throw;
  }
  written_.fetch_add(bytes.size(), std::memory_order_release);
}

void JournalFile::flush() {
  const std::lock_guard lock(flushing_);
  if (forgotten_.load(std::memory_order_relaxed)) return;
  const std::uint64_t written = written_.load(std::memory_order_acquire);
  if (flushed_.load(std::memory_order_relaxed) >= written) return;
  if (has_failed()) throw Error(ErrorCode::local, error());
  try {
    crash_point("before a flush");
    file_->flush();
    if (flush_folder_) {
      flush_folder_(path_.parent_path());
      flush_folder_ = {};
    }
    crash_point("after a flush");
  } catch (const Error& e) {
    fail(e.what());
    throw;
  }
  flushed_.store(written, std::memory_order_release);
}

std::string JournalFile::error() const {
  const std::lock_guard lock(error_mutex_);
  return error_;
}

void JournalFile::fail(const char* why) {
  const std::lock_guard lock(error_mutex_);
  if (error_.empty()) error_ = why;
  failed_.store(true, std::memory_order_release);
}

}  // namespace forebay
