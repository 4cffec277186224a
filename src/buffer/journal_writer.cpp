#include "buffer/journal_writer.hpp"

#include <utility>

namespace forebay {

JournalWriter::JournalWriter(const CreateFile& create, std::filesystem::path path, const JournalHeader& header)
    : path_(std::move(path)), file_(create(path_)) {
  // The header goes out with the first group commit: until then there is nothing that a reader could miss.
  pending_ = encode_journal_header(header, seed_);
}

void JournalWriter::commit() {
  if (pending_.empty()) return;
  file_->write(pending_);
  bytes_ += pending_.size();
  pending_.clear();
  committed_rows_ = rows_;
  committed_digest_ = digest_;
}

void JournalWriter::finish() {
  append_trailer(pending_, rows_, digest_, seed_);
  commit();
  file_.reset();
}

void JournalWriter::take_back_uncommitted() {
  if (committed_rows_ == 0) {
    // The header is still pending: keep it. It ends where the first record begins.
    std::size_t header_end = 0;
    std::uint64_t seed = 0;
    decode_journal_header(pending_, seed, header_end);
    pending_.resize(header_end);
  } else {
    pending_.clear();
  }
  rows_ = committed_rows_;
  digest_ = committed_digest_;
}

}  // namespace forebay
