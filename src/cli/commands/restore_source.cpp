#include "cli/commands/restore_source.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "base/human.hpp"
#include "base/text.hpp"
#include "checkpoint/folder.hpp"
#include "forebay/error.hpp"
#include "forebay/file_record.hpp"

namespace forebay::cli {
namespace {

constexpr std::uint64_t kRowsAtOnce = 1000;
constexpr std::size_t kNamesShown = 10;

std::string listed(const std::set<std::string>& names, bool more) {
  std::string text;
  std::size_t shown = 0;
  for (const std::string& name : names) {
    if (shown++ == kNamesShown) break;
    text += (text.empty() ? "" : ", ") + name;
  }
  if (names.size() > kNamesShown || more) text += " and others";
  return text.empty() ? "none" : text;
}

bool is_among(const Value& value, const std::vector<std::int64_t>& ids) {
  return !value.is_null() && std::ranges::find(ids, value.as_integer()) != ids.end();
}

[[noreturn]] void refuse(const std::filesystem::path& path, const Error& why) {
  throw Error(ErrorCode::damaged, std::string(why.what()) + "; nothing was sent" + older_good_advice(path));
}

/// Every file stays open from verify() to for_each_row(): what is sent is what was verified, whatever becomes of the
/// names. A shell's limit is 1024 by custom, because of select(), which is used nowhere here.
void make_room_for(std::size_t files) {
  constexpr rlim_t kBesides = 256;  // journals, sockets, the catalog
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= files + kBesides) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, files + kBesides);
  ::setrlimit(RLIMIT_NOFILE, &limit);  // should it fail, the file that is one too many is told
}

}  // namespace

RestoreSource::RestoreSource(const std::vector<std::string>& files) {
  make_room_for(files.size());
  std::vector<std::filesystem::path> taken;
  for (const std::string& name : files) {
    const std::filesystem::path path(name);
    const bool again = std::ranges::any_of(taken, [&](const std::filesystem::path& other) {
      std::error_code error;  // a symlink is not followed, but refused
      return !std::filesystem::is_symlink(path, error) && std::filesystem::equivalent(path, other, error);
    });
    if (again) continue;
    try {
      files_.push_back({CheckpointReader(path), {}});
    } catch (const Error& e) {
      refuse(path, e);
    }
    taken.push_back(path);
  }

  for (const File& file : files_) {
    for (const CheckpointStream& s : file.reader.info().streams)
      rows_[streams_.sent_as(s.stream, file.reader.path()).name] += s.rows;
  }
}

void RestoreSource::verify(std::atomic<std::uint64_t>& rows) {
  std::uint64_t of_files_before = 0;
  for (File& file : files_) {
    try {
      file.contents = file.reader.verify([&](std::uint64_t of_this) {
        rows = of_files_before + of_this;
        return true;
      });
    } catch (const Error& e) {
      refuse(file.reader.path(), e);
    }
    of_files_before += file.reader.info().rows;
  }
}

void RestoreSource::choose(const std::string& set, const std::string& stream) {
  if (!stream.empty()) {
    const bool there = std::ranges::any_of(files_, [&](const File& file) {
      return std::ranges::any_of(file.reader.info().streams,
                                 [&](const CheckpointStream& s) { return s.stream.name == stream; });
    });
    if (!there) {
      throw Error(ErrorCode::usage, "--stream: no stream in " + counted(files(), "file", "files") + " is named '" +
                                        printable(stream) + "'; there are: " + streams_there());
    }
    stream_ = stream;
  }

  if (!set.empty()) set_ids_ = ids_of(set);
  if (stream.empty() && set.empty()) return;
  rows_.clear();
  for_each_row([&](const Stream& s, std::int64_t, std::span<const Value>) {
    ++rows_[s.name];
    return true;
  });

  if (set_ids_ && rows_.empty()) {
    throw Error(ErrorCode::usage,
                "--set: " + counted(files(), "file holds", "files hold") + " no row of set '" + printable(set) + "'" +
                    (stream.empty() ? "" : " in stream '" + printable(stream) + "'") + "; there are: " + sets_there());
  }
}

std::vector<std::int64_t> RestoreSource::ids_of(const std::string& set) const {
  std::set<std::int64_t> named;
  for (const File& file : files_) {
    for (const CheckpointSet& s : file.contents.sets) {
      if (s.described && s.name == set) named.insert(s.id);
    }
  }

  if (!named.empty()) return {named.begin(), named.end()};
  // The set's own row may have landed before the checkpoint was made: its number then tells.
  std::vector<std::int64_t> ids = {backup_set_id(set)};
  if (const auto number = whole_number(set)) ids.push_back(*number);
  return ids;
}

std::string RestoreSource::sets_there() const {
  std::set<std::string> names;
  bool more = false;
  for (const File& file : files_) {
    more = more || file.contents.more_sets;
    for (const CheckpointSet& s : file.contents.sets)
      names.insert(s.described ? "'" + printable(s.name) + "' (" + std::to_string(s.id) + ")" : std::to_string(s.id));
  }
  return listed(names, more);
}

std::string RestoreSource::streams_there() const {
  std::set<std::string> names;
  for (const File& file : files_) {
    for (const CheckpointStream& s : file.reader.info().streams) names.insert(printable(s.stream.name));
  }
  return listed(names, false);
}

std::vector<std::string> RestoreSource::description(const std::string& destination) const {
  std::vector<std::string> lines;
  for (const File& file : files_) {
    const CheckpointInfo& info = file.reader.info();
    const std::string name = printable(file.reader.path().string());
    std::string line = name + " is whole: " + human_count(info.rows) + " rows of buffer " +
                       printable(info.origin.buffer) + " on " + printable(info.origin.host) + ", " +
                       rfc3339_local(info.created_us);
    if (info.origin.destination != destination) {
      line += "; they were meant for " + printable(info.origin.destination) + " and go to " + destination;
    }

    lines.push_back(line);
    if (!info.missing.empty()) lines.push_back(name + " lacks rows: when it was made, " + printable(info.missing));
    for (const CheckpointStream& s : info.streams) {
      const std::vector<std::string> missing = RestoreStreams::missing_columns(s.stream);
      if (missing.empty()) continue;
      std::string columns;
      for (const std::string& c : missing) columns += (columns.empty() ? "" : ", ") + c;
      lines.push_back(name + " is of a release whose stream " + s.stream.name + " had no " + columns +
                      "; what is there of it stays");
    }
  }
  return lines;
}

std::vector<Stream> RestoreSource::streams() const {
  std::vector<Stream> wanted = streams_.besides_built_in();
  std::erase_if(wanted, [this](const Stream& s) { return !rows_.contains(s.name); });
  return wanted;
}

std::uint64_t RestoreSource::all_rows() const {
  std::uint64_t all = 0;
  for (const auto& [stream, rows] : rows_) all += rows;
  return all;
}

void RestoreSource::for_each_row(const Use& use) {
  for (File& file : files_) {
    file.reader.rewind();
    for (CheckpointSegment segment; file.reader.next_segment(segment);) {
      if (!stream_.empty() && segment.stream->name != stream_) continue;
      const std::optional<std::size_t> set = set_column(*segment.stream);
      if (set_ids_ && !set) continue;
      const Stream& sent = streams_.sent_as(*segment.stream, file.reader.path());
      for (std::uint64_t first = 1; first <= segment.rows; first += kRowsAtOnce) {
        const RowSet rows = file.reader.read(segment, first, std::min(first + kRowsAtOnce - 1, segment.rows));
        for (std::size_t i = 0; i < rows.size(); ++i) {
          const std::span<const Value> values = rows.values(i);
          if (set_ids_ && !is_among(values[*set], *set_ids_)) continue;
          if (!use(sent, rows.row(i).version, values)) return;
        }
      }
    }
  }
}

}  // namespace forebay::cli
