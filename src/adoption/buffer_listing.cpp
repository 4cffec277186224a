#include "adoption/buffer_listing.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/io.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/sources.hpp"
#include "forebay/error.hpp"
#include "journal/reader.hpp"
#include "quarantine/file.hpp"
#include "quarantine/view.hpp"

namespace forebay {
namespace fs = std::filesystem;

namespace {

/// Not for a FIFO or a link that someone put there: reading those could wait forever, or lead elsewhere.
bool is_plain_file(const fs::path& path) {
  struct stat st {};
  return ::lstat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode);
}

void look_at_lock(ListedBuffer& buffer) {
  const fs::path path = buffer.path / "lock";
  if (!is_plain_file(path)) return;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return;

  // Asks without taking: FileLock holds an OFD lock beside its flock for this.
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  buffer.in_use = ::fcntl(fd.get(), F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
  if (!buffer.in_use) return;

  char text[64] = {};
  if (::pread(fd.get(), text, sizeof text - 1, 0) <= 0) return;
  const long pid = std::strtol(text, nullptr, 10);
  if (pid > 0) buffer.holder = static_cast<pid_t>(pid);
  buffer.adopted = std::string_view(text).ends_with(" adopter\n");
}

std::vector<fs::path> sorted_entries(const fs::path& directory, std::error_code& error) {
  std::vector<fs::path> paths;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    paths.push_back(it->path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Error cannot_read(const fs::path& directory, const std::error_code& error) {
  return {ErrorCode::local, "cannot read directory " + directory.string() + ": " + error.message()};
}

/// Adds what one journal holds to `found`; its summary, when it has a readable header.
std::optional<JournalSummary> read_journal(const fs::path& path, const OrderlyEnd* end, LeftRows& found) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) return std::nullopt;
  if (!S_ISREG(st.st_mode)) {
    ++found.unreadable;
    found.findings.push_back(path.filename().string() + " is not a regular file; look who put it there");
    return std::nullopt;
  }

  const std::int64_t written_us = st.st_mtim.tv_sec * 1'000'000LL + st.st_mtim.tv_nsec / 1000;
  const std::string name = path.filename().string();
  try {
    JournalSummary s = judge(JournalReader::summarize(path), name, end);
    ++found.journals;
    found.bytes += s.bytes;
    if (!found.oldest_us || written_us < *found.oldest_us) found.oldest_us = written_us;
    if (s.end == JournalEnd::damaged) {
      ++found.damaged;
      found.findings.push_back(name + " " + damage_text(s, "readable"));
    }
    return s;
  } catch (const Error& e) {
    if (!is_plain_file(path)) return std::nullopt;  // it landed while it was being read
    found.bytes += static_cast<std::uint64_t>(st.st_size);
    if (st.st_size == 0 && (end == nullptr || !end->journals.contains(name))) return std::nullopt;
    ++(e.code() == ErrorCode::damaged ? found.damaged : found.unreadable);
    found.findings.push_back(name + " cannot be read: " + e.what());
    return std::nullopt;
  }
}

/// At level `memory` an adopter brings back what the newest checkpoint holds, unless one did so before.
void add_checkpoint(const ListedBuffer& buffer, LeftRows& found) {
  if (!buffer.manifest) return;
  found.only_to_checkpoint =
      buffer.manifest->durability == Durability::memory && !is_plain_file(buffer.path / kJournalsCompleteName);
  if (buffer.manifest->checkpoint_directory.empty()) return;

  const fs::path state_directory = buffer.path.parent_path().parent_path();
  const fs::path directory = checkpoints_of_buffer(buffer.manifest->checkpoint_directory, state_directory);
  try {
    std::optional<CheckpointInfo> newest;
    for (const ListedCheckpoint& listed : list_checkpoints(directory)) {
      if (!listed.info || listed.info->origin.buffer != buffer.id) continue;
      if (!newest || listed.info->number > newest->number) newest = listed.info;
    }
    if (!newest) return;

    found.last_checkpoint_us = newest->created_us;
    if (!found.only_to_checkpoint) return;
    for (const CheckpointStream& s : newest->streams) {
      std::uint64_t& rows = found.rows[s.stream.name];
      // One of everything has what the journals have, and more.
      rows = newest->scope == CheckpointScope::memory_only ? rows + s.rows : std::max(rows, s.rows);
    }
    std::erase_if(found.rows, [](const auto& of) { return of.second == 0; });
  } catch (const Error& e) {
    found.findings.emplace_back(e.what());
  }
}

}  // namespace

std::optional<ListedBuffer> list_buffer(const fs::path& folder) {
  struct stat st {};
  if (::lstat(folder.c_str(), &st) != 0 || !S_ISDIR(st.st_mode)) return std::nullopt;

  ListedBuffer buffer;
  buffer.id = folder.filename().string();
  buffer.path = folder;
  look_at_lock(buffer);

  try {
    if (is_plain_file(folder / "manifest")) {
      buffer.manifest = read_manifest(folder);
    } else {
      buffer.problem = "it has no manifest";
    }
  } catch (const Error& e) {
    buffer.problem = e.what();
  }

  if (::lstat(folder.c_str(), &st) != 0) return std::nullopt;  // it was being removed
  return buffer;
}

std::vector<ListedBuffer> list_buffers(const fs::path& state_directory) {
  struct stat st {};
  if (::stat(state_directory.c_str(), &st) != 0) {
    if (errno == ENOENT) return {};
    throw cannot_read(state_directory, {errno, std::generic_category()});
  }
  if (!S_ISDIR(st.st_mode)) {
    throw Error(ErrorCode::usage, "state directory " + state_directory.string() +
                                      ": it is not a directory; set FOREBAY_STATE_DIR to one");
  }

  std::error_code error;
  static_cast<void>(sorted_entries(state_directory, error));  // its rights: told as its own, not as those of buffers/
  if (error) throw cannot_read(state_directory, error);

  const fs::path buffers = state_directory / "buffers";
  const std::vector<fs::path> paths = sorted_entries(buffers, error);
  if (error == std::errc::no_such_file_or_directory) return {};
  if (error) throw cannot_read(buffers, error);

  std::vector<ListedBuffer> listed;
  for (const fs::path& path : paths) {
    if (path.filename().string().front() == '.') continue;  // being made
    if (auto buffer = list_buffer(path)) listed.push_back(std::move(*buffer));
  }
  return listed;
}

LeftRows read_left_rows(const ListedBuffer& buffer) {
  LeftRows found;
  std::map<std::uint64_t, JournalSummary> segments;
  try {
    found.end = read_orderly_end(buffer.path);
  } catch (const Error& e) {
    found.findings.emplace_back(e.what());
  }

  const OrderlyEnd* end = found.end ? &*found.end : nullptr;
  std::error_code error;
  for (const fs::path& path : sorted_entries(buffer.path, error)) {
    if (path.extension() == ".journal") {
      const auto summary = read_journal(path, end, found);
      if (!summary) continue;
      // Of two journals of one segment the fuller one counts, as for an adopter.
      const auto [other, first] = segments.try_emplace(summary->header.segment, *summary);
      if (!first && summary->rows > other->second.rows) other->second = *summary;
    } else if (path.extension() == ".damaged") {
      ++found.set_aside;
      found.findings.push_back(path.filename().string() +
                               " was damaged, and is kept for a person to look at; then remove the folder");
    }
  }

  for (const auto& [number, summary] : segments) {
    if (summary.rows > 0) found.rows[summary.header.stream.name] += summary.rows;
  }

  SegmentsInDoubt in_doubt;
  for (const auto& [number, summary] : segments) in_doubt.insert({summary.header.buffer, number});
  try {
    found.quarantined = count_quarantined(buffer.path, in_doubt);
  } catch (const Error& e) {
    found.quarantine_of_another = quarantine_is_of_another(buffer.path);
    if (!found.quarantine_of_another) ++(e.code() == ErrorCode::damaged ? found.damaged : found.unreadable);
    found.findings.emplace_back(e.what());
  }

  add_checkpoint(buffer, found);
  found.error = read_last_error(buffer.path);
  return found;
}

}  // namespace forebay
