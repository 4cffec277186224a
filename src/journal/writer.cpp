#include "journal/writer.hpp"

#include <algorithm>
#include <utility>

namespace forebay {

JournalWriter::JournalWriter(std::shared_ptr<JournalFile> file, const JournalHeader& header) : file_(std::move(file)) {
  // The header goes out with the first group commit: until then there is nothing that a reader could miss.
  pending_ = encode_journal_header(header, seed_);
  header_bytes_ = pending_.size();
}

JournalWriter::JournalWriter(const CreateFile& create, std::filesystem::path path, const JournalHeader& header)
    : JournalWriter(std::make_shared<JournalFile>(create, std::move(path)), header) {}

void JournalWriter::append_all(std::uint64_t rows,
                               const std::function<RowSet(std::uint64_t first, std::uint64_t last)>& read) {
  constexpr std::uint64_t kRowsAtOnce = 5000;
  for (std::uint64_t first = 1; first <= rows; first += kRowsAtOnce) {
    const RowSet some = read(first, std::min(first + kRowsAtOnce - 1, rows));
    for (std::size_t i = 0; i < some.size(); ++i) append(some.row(i).version, some.values(i));
    commit();
  }
}

void JournalWriter::commit() {
  if (pending_.empty()) return;
  file_->write(pending_);
  bytes_ += pending_.size();
  pending_.clear();
  header_bytes_ = 0;
  committed_rows_ = rows_;
  committed_digest_ = digest_;
}

void JournalWriter::finish() {
  append_trailer(pending_, rows_, digest_, seed_);
  commit();
}

void JournalWriter::take_back_last() {
  pending_.resize(last_start_);
  digest_ = last_digest_;
  --rows_;
}

void JournalWriter::take_back_uncommitted() {
  pending_.resize(header_bytes_);
  rows_ = committed_rows_;
  digest_ = committed_digest_;
}

}  // namespace forebay
