#include "journal/file.hpp"

#include <cstdio>
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

std::string journal_name(std::uint64_t segment, int replacement) {
  char name[64];
  if (replacement == 0) {
    std::snprintf(name, sizeof name, "segment-%06llu.journal", static_cast<unsigned long long>(segment));
  } else {
    std::snprintf(name, sizeof name, "segment-%06llu.%d.journal", static_cast<unsigned long long>(segment),
                  replacement);
  }
  return name;
}

JournalFolder::JournalFolder(std::filesystem::path path, Durability durability, CreateFile create_file,
                             FlushFolder flush_folder)
    : path_(std::move(path)),
      writes_ahead_(!path_.empty() && durability != Durability::memory),
      flushes_(!path_.empty() && durability == Durability::power),
      create_file_(std::move(create_file)),
      flush_folder_(std::move(flush_folder)) {}

std::shared_ptr<JournalFile> JournalFolder::create(std::uint64_t segment, int replacement) const {
  return std::make_shared<JournalFile>(create_file_, path_ / journal_name(segment, replacement),
                                       flushes_ ? flush_folder_ : FlushFolder{});
}

EmptyJournal JournalFolder::create_next() {
  const std::uint64_t segment = next_segment();
  return {segment, create(segment)};
}

void JournalFolder::flush_names(const std::vector<EmptyJournal>& journals) const {
  if (!flushes_ || journals.empty()) return;

  flush_folder_(path_);
  for (const EmptyJournal& j : journals) j.file->name_is_flushed();
}

}  // namespace forebay
