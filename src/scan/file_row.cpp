#include "scan/file_row.hpp"

#include <algorithm>
#include <string_view>

#include "base/text.hpp"
#include "forebay/error.hpp"
#include "scan/stored_path.hpp"

namespace forebay {
namespace {

constexpr std::int64_t kFirstTimeUs = -210'866'803'200'000'000;

Value timestamp_clamped(std::int64_t us) { return Value::timestamp(std::max(us, kFirstTimeUs)); }

// A value that borrows `bytes` if they are stored as they are, else the stored form made in `room`.
Value stored_text(std::string_view bytes, std::string& room) {
  room.clear();
  return Value::text(append_stored_name(room, bytes) ? std::string_view(room) : bytes);
}

Value stored_text_or_null(std::string_view bytes, std::string& room) {
  return bytes.empty() ? Value() : stored_text(bytes, room);
}

// "//" would make a path look like the key of a longer one, and an empty name is none. "." and ".." are not looked for:
// they would only be names of their own.
void check(const FileRecord& record) {
  const std::string_view path = record.path;
  if (!path.starts_with('/')) {
    throw Error(ErrorCode::usage, "file record refused: its path is not absolute; give the path from '/' on");
  }
  if ((path.size() > 1 && path.ends_with('/')) || path.find("//") != std::string_view::npos) {
    throw Error(
        ErrorCode::usage,
        "file record refused: its path has an empty component ('//' or '/' at the end); give the canonical path");
  }

  const auto types = file_types();
  if (std::find(types.begin(), types.end(), record.file_type) == types.end()) {
    throw Error(ErrorCode::usage,
                "file record refused: its file_type is none of file, directory, symlink, fifo, socket, block, char");
  }
}

}  // namespace

bool holds_time(std::int64_t us) noexcept { return us >= kFirstTimeUs; }

Value timestamp_or_null(std::optional<std::int64_t> us) {
  return us && holds_time(*us) ? Value::timestamp(*us) : Value();
}

std::span<const Value> FileRow::fill(const FileRecord& record) {
  check(record);
  const std::string_view path = record.path;
  const std::size_t slash = path.rfind('/');
  // The root directory is its own name, as for find -printf %f, and lies in no directory.
  const std::string_view name = path.size() == 1 ? path : path.substr(slash + 1);
  const std::string_view directory = path.substr(0, std::max<std::size_t>(slash, 1));

  Value stored_path = Value::text(path);
  Value stored_name = Value::text(name);
  Value stored_directory = path.size() == 1 ? Value() : Value::text(directory);
  Value display;

  if (!is_plain_ascii(path)) {
    path_.clear();
    directory_.clear();
    display_.clear();
    if (append_stored_path(path_, path)) {
      stored_path = Value::text(path_);
      if (append_stored_path(directory_, directory)) stored_directory = Value::text(directory_);
    }
    stored_name = stored_text(name, name_);
    if (append_printable(display_, name)) display = Value::text(display_);
  }

  Value full_path;
  if (stored_path.as_chars().size() > kPathKeyBytesMax) {
    full_path = stored_path;
    key_ = path_key(full_path.as_chars());
    stored_path = Value::text(key_);
  }

  for (std::size_t i = 0; i < permissions_.size(); ++i) {
    permissions_[i] = static_cast<char>('0' + (record.permissions >> (9 - 3 * i) & 7U));
  }

  values_ = {Value::integer(record.backup_set_id),
             stored_path,
             stored_name,
             stored_directory,
             display,
             Value::text(record.file_type),
             Value::integer(record.size),
             Value::text({permissions_.data(), permissions_.size()}),
             stored_text_or_null(record.owner, owner_),
             stored_text_or_null(record.group, group_),
             timestamp_or_null(record.created_time_us),
             timestamp_or_null(record.modified_time_us),
             timestamp_or_null(record.accessed_time_us),
             timestamp_or_null(record.changed_time_us),
             timestamp_clamped(record.backup_time_us),
             full_path};
  return values_;
}

std::span<const Value> BackupSetRow::fill(const BackupSet& set) {
  root_.clear();
  values_ = {Value::integer(set.id),
             stored_text(set.name, name_),
             set.root.empty()                      ? Value()
             : append_stored_path(root_, set.root) ? Value::text(root_)
                                                   : Value::text(set.root),
             stored_text_or_null(set.host, host_),
             timestamp_clamped(set.started_us),
             timestamp_or_null(set.finished_us)};
  return values_;
}

}  // namespace forebay
