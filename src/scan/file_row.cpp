#include "scan/file_row.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "forebay/error.hpp"
#include "forebay/stream.hpp"
#include "scan/stored_path.hpp"

namespace forebay {
namespace {

constexpr std::int64_t kFirstTimeUs = -210'866'803'200'000'000;

Value timestamp_clamped(std::int64_t us) { return Value::timestamp(std::max(us, kFirstTimeUs)); }

Value text_or_null(std::string_view text) { return text.empty() ? Value() : Value::text(text); }

// `bytes` if they are stored as they are, else the stored form made in `room`.
std::string_view stored_text(std::string_view bytes, std::string& room) {
  room.clear();
  return append_stored_name(room, bytes) ? std::string_view(room) : bytes;
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

/// A column of a built-in stream, and the value that a row has in it.
template <class Row>
struct BuiltInColumn {
  const char* name;
  ColumnType type;
  bool not_null;
  Value (*value)(const Row&);
};

/// What the columns of a file are made of: the record, and texts in their stored forms.
struct StoredFile {
  const FileRecord& record;
  std::string_view path, name, directory, display, full_path, owner, group, permissions;
};

using FileColumn = BuiltInColumn<StoredFile>;
constexpr ColumnType kInteger = ColumnType::integer;
constexpr ColumnType kText = ColumnType::text;
constexpr ColumnType kTime = ColumnType::timestamp;

// The only list of the columns of backup_files: the stream and its rows are both made of it.
constexpr FileColumn kFileColumns[] = {
    {"backup_set_id", kInteger, true, [](const StoredFile& f) { return Value::integer(f.record.backup_set_id); }},
    {"file_path", kText, true, [](const StoredFile& f) { return Value::text(f.path); }},
    {"file_name", kText, true, [](const StoredFile& f) { return Value::text(f.name); }},
    {"directory_path", kText, false, [](const StoredFile& f) { return text_or_null(f.directory); }},
    {"display_name", kText, false, [](const StoredFile& f) { return text_or_null(f.display); }},
    {"file_type", kText, true, [](const StoredFile& f) { return Value::text(f.record.file_type); }},
    {"file_size", kInteger, true, [](const StoredFile& f) { return Value::integer(f.record.size); }},
    {"file_permissions", kText, false, [](const StoredFile& f) { return Value::text(f.permissions); }},
    {"file_owner", kText, false, [](const StoredFile& f) { return text_or_null(f.owner); }},
    {"file_group", kText, false, [](const StoredFile& f) { return text_or_null(f.group); }},
    {"created_time", kTime, false, [](const StoredFile& f) { return timestamp_or_null(f.record.created_time_us); }},
    {"modified_time", kTime, false, [](const StoredFile& f) { return timestamp_or_null(f.record.modified_time_us); }},
    {"accessed_time", kTime, false, [](const StoredFile& f) { return timestamp_or_null(f.record.accessed_time_us); }},
    {"changed_time", kTime, false, [](const StoredFile& f) { return timestamp_or_null(f.record.changed_time_us); }},
    {"backup_time", kTime, true, [](const StoredFile& f) { return timestamp_clamped(f.record.backup_time_us); }},
    {"full_path", kText, false, [](const StoredFile& f) { return text_or_null(f.full_path); }},
};

struct StoredSet {
  const BackupSet& set;
  std::string_view name, root, host;
};

using SetColumn = BuiltInColumn<StoredSet>;

constexpr SetColumn kSetColumns[] = {
    {"id", kInteger, true, [](const StoredSet& s) { return Value::integer(s.set.id); }},
    {"name", kText, true, [](const StoredSet& s) { return Value::text(s.name); }},
    {"root", kText, false, [](const StoredSet& s) { return text_or_null(s.root); }},
    {"host", kText, false, [](const StoredSet& s) { return text_or_null(s.host); }},
    {"started_at", kTime, true, [](const StoredSet& s) { return timestamp_clamped(s.set.started_us); }},
    {"finished_at", kTime, false, [](const StoredSet& s) { return timestamp_or_null(s.set.finished_us); }},
};

template <const auto& kColumns>
std::vector<Column> declared_columns() {
  std::vector<Column> columns;
  for (const auto& c : kColumns) columns.push_back({c.name, c.type, c.not_null});
  return columns;
}

/// Unrolled, and each value made where it stays: no call, and no copy of what has only just been written, for which the
/// processor would have to wait.
template <const auto& kColumns, class Row>
void fill_row(std::vector<Value>& values, const Row& row) {
  const auto fill = [&]<std::size_t... kAt>(std::index_sequence<kAt...>) {
    Value* to = values.data();
    (std::construct_at(to + kAt, kColumns[kAt].value(row)), ...);
  };
  fill(std::make_index_sequence<std::size(kColumns)>{});
}

}  // namespace

const Stream& backup_files_stream() {
  static const Stream kStream = {.name = "backup_files",
                                 .table = "backup_files",
                                 .columns = declared_columns<kFileColumns>(),
                                 .key = {"backup_set_id", "file_path"},
                                 .version_column = "sync_version",
                                 .touched_column = "updated_at"};
  return kStream;
}

const Stream& backup_sets_stream() {
  static const Stream kStream = {.name = "backup_sets",
                                 .table = "backup_sets",
                                 .columns = declared_columns<kSetColumns>(),
                                 .key = {"id"},
                                 .version_column = "sync_version",
                                 .touched_column = ""};
  return kStream;
}

FileRow::FileRow() : values_(std::size(kFileColumns)) {}
BackupSetRow::BackupSetRow() : values_(std::size(kSetColumns)) {}

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

  StoredFile file{.record = record,
                  .path = path,
                  .name = name,
                  .directory = path.size() == 1 ? std::string_view() : directory,
                  .display = {},
                  .full_path = {},
                  .owner = stored_text(record.owner, owner_),
                  .group = stored_text(record.group, group_),
                  .permissions = {permissions_.data(), permissions_.size()}};

  if (!is_plain_ascii(path)) {
    path_.clear();
    directory_.clear();
    display_.clear();
    if (append_stored_path(path_, path)) {
      file.path = path_;
      if (append_stored_path(directory_, directory)) file.directory = directory_;
    }
    file.name = stored_text(name, name_);
    if (append_printable(display_, name)) file.display = display_;
  }

  if (file.path.size() > kPathKeyBytesMax) {
    file.full_path = file.path;
    key_ = path_key(file.full_path);
    file.path = key_;
  }

  for (std::size_t i = 0; i < permissions_.size(); ++i) {
    permissions_[i] = static_cast<char>('0' + (record.permissions >> (9 - 3 * i) & 7U));
  }

  fill_row<kFileColumns>(values_, file);
  return values_;
}

std::span<const Value> BackupSetRow::fill(const BackupSet& set) {
  root_.clear();
  const std::string_view root = append_stored_path(root_, set.root) ? std::string_view(root_) : set.root;
  const StoredSet stored{
      .set = set, .name = stored_text(set.name, name_), .root = root, .host = stored_text(set.host, host_)};

  fill_row<kSetColumns>(values_, stored);
  return values_;
}

std::span<const std::string_view> file_types() noexcept {
  static constexpr std::array<std::string_view, 7> kTypes = {"file",   "directory", "symlink", "fifo",
                                                             "socket", "block",     "char"};
  return kTypes;
}

std::int64_t backup_set_id(std::string_view name) {
  const Sha256 digest = sha256(name);
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < sizeof first; ++i) first = first << 8 | digest[i];
  return static_cast<std::int64_t>(first >> (64 - 53));
}

}  // namespace forebay
