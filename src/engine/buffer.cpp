#include "forebay/buffer.hpp"

#include <mutex>
#include <utility>

#include "buffer/writer_core.hpp"
#include "engine/buffer_core.hpp"
#include "scan/file_row.hpp"

namespace forebay {

namespace {

/// A child has the parent's files open: a commit or a seal there would write into the parent's journals.
void expect_own_process(BufferCore& core) {
  if (core.in_forked_child()) throw forked_error();
}

}  // namespace

struct Writer::Parts {
  std::shared_ptr<BufferCore> buffer;
  std::shared_ptr<WriterCore> writer;
  FileRow file_row;
  BackupSetRow set_row;

  void expect(const Stream& stream) const {
    if (writer->stream().name != stream.name) {
      throw Error(ErrorCode::usage, "this writer is of stream " + writer->stream().name + ", not " + stream.name);
    }
  }
};

Writer::Writer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

Writer::~Writer() {
  if (!parts_ || parts_->buffer->in_forked_child()) return;
  try {
    parts_->buffer->store().retire_writer(parts_->writer);
  } catch (const std::exception& e) {
    parts_->buffer->log(LogLevel::error, e.what());
  }
}

std::int64_t Writer::next_version() { return parts_->buffer->clock().next(); }

void Writer::add(std::span<const Value> values) { add(next_version(), values); }
void Writer::add(std::int64_t version, std::span<const Value> values) { parts_->writer->add(version, values); }

void Writer::add_file(const FileRecord& record) { add_file(next_version(), record); }
void Writer::add_file(std::int64_t version, const FileRecord& record) {
  parts_->expect(backup_files_stream());
  parts_->writer->add(version, parts_->file_row.fill(record));
}

void Writer::add_set(const BackupSet& set) {
  parts_->expect(backup_sets_stream());
  parts_->writer->add(next_version(), parts_->set_row.fill(set));
}

void Writer::commit() {
  expect_own_process(*parts_->buffer);
  parts_->writer->commit();
}

// The shared writer of Buffer::add_file: the mutex keeps its FileRow to one thread at a time.
struct Buffer::SharedWriter {
  std::mutex mutex;
  std::optional<Writer> writer;
};

Buffer::Buffer(Options options)
    : core_(std::make_shared<BufferCore>(std::move(options))), shared_writer_(std::make_unique<SharedWriter>()) {}

Buffer::~Buffer() {
  if (core_->in_forked_child()) return;
  shared_writer_.reset();
  try {
    static_cast<void>(core_->stop(std::chrono::milliseconds(0), [] { return true; }));
  } catch (const std::exception& e) {
    core_->log(LogLevel::error, e.what());
  }
}

void Buffer::declare_stream(const Stream& declaration) {
  expect_own_process(*core_);
  core_->declare_stream(declaration);
}

Writer Buffer::writer(std::string_view stream) {
  expect_own_process(*core_);
  auto parts = std::make_unique<Writer::Parts>();
  parts->buffer = core_;
  parts->writer = core_->make_writer(stream);
  return Writer(std::move(parts));
}

void Buffer::add_file(const FileRecord& record) {
  expect_own_process(*core_);
  const std::lock_guard lock(shared_writer_->mutex);
  if (!shared_writer_->writer) shared_writer_->writer.emplace(writer());
  shared_writer_->writer->add_file(record);
}

SyncResult Buffer::force_sync(std::chrono::milliseconds timeout) {
  expect_own_process(*core_);
  return core_->force_sync(timeout);
}

RetryResult Buffer::retry_errors(std::string_view stream, std::chrono::milliseconds timeout) {
  expect_own_process(*core_);
  return core_->retry_errors(std::string(stream), timeout);
}

CheckpointResult Buffer::create_checkpoint() {
  expect_own_process(*core_);
  return core_->create_checkpoint();
}

SyncResult Buffer::stop(std::chrono::milliseconds stall_max, const std::function<bool()>& give_up) {
  expect_own_process(*core_);
  return core_->stop(stall_max, give_up);
}
SyncResult Buffer::stop() {
  expect_own_process(*core_);
  return core_->stop(std::nullopt, {});
}

SyncStatus Buffer::get_sync_status() const {
  expect_own_process(*core_);
  return core_->status();
}
Counts Buffer::get_stats(std::string_view stream) const {
  expect_own_process(*core_);
  return core_->status().of(std::string(core_->stream(stream).name));
}

}  // namespace forebay
