#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "checkpoint/writer.hpp"
#include "scan/file_row.hpp"
#include "support/streams.hpp"

namespace forebay::test {

/// A checkpoint file in the making, for `forebay restore` to read.
class CheckpointMaker {
 public:
  explicit CheckpointMaker(const std::filesystem::path& directory, const std::string& buffer = "20260101T000000Z-1-0a",
                           const std::string& destination = "postgresql://backup@elsewhere:5432/catalog")
      : buffer_(buffer), writer_(directory, origin(buffer, destination)) {}

  /// The rows that follow are a segment of this stream.
  CheckpointMaker& segment(const Stream& stream) {
    stream_ = &stream;
    writer_.add_segment(buffer_, ++segments_, stream);
    rows_ = 0;
    return *this;
  }
  CheckpointMaker& row(std::int64_t version, std::span<const Value> values) {
    RowSet one(stream_->columns.size());
    one.begin_row(++rows_, version);
    for (const Value& v : values) one.push(v);
    writer_.add_rows(one);
    return *this;
  }
  /// A segment must be of backup_files_stream(), or of measurements().
  CheckpointMaker& file(std::int64_t version, std::int64_t set, const std::string& path, std::int64_t size = 0) {
    FileRow row_of;
    FileRecord record;
    record.backup_set_id = set;
    record.path = path;
    record.size = size;
    return row(version, row_of.fill(record));
  }
  CheckpointMaker& files(int count, std::int64_t first_version, std::int64_t set = 1,
                         const std::string& below = "/f/") {
    for (int i = 0; i < count; ++i) file(first_version + i, set, below + std::to_string(i), first_version + i);
    return *this;
  }
  CheckpointMaker& set(std::int64_t version, std::int64_t id, const std::string& name) {
    BackupSetRow row_of;
    BackupSet set;
    set.id = id;
    set.name = name;
    return row(version, row_of.fill(set));
  }
  CheckpointMaker& measurement(std::int64_t version, const std::string& sensor, std::int64_t tick) {
    return row(version, Measurement(sensor, tick));
  }
  std::string finish() { return writer_.finish().path; }

 private:
  static CheckpointOrigin origin(const std::string& buffer, const std::string& destination) {
    CheckpointOrigin o;
    o.buffer = buffer;
    o.host = "tape-server";
    o.boot_id = "b007";
    o.pid = 4711;
    o.destination = destination;
    o.state_directory = "/var/lib/forebay";
    return o;
  }

  std::string buffer_;
  CheckpointWriter writer_;
  const Stream* stream_ = nullptr;
  std::uint64_t segments_ = 0;
  std::uint64_t rows_ = 0;
};

}  // namespace forebay::test
