#include "checkpoint/retention.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/clock.hpp"
#include "base/io.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/reader.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace fs = std::filesystem;

namespace {

/// Tells one state of a file from another.
std::string identity_of(const fs::path& path) {
  struct stat st = {};
  if (::lstat(path.c_str(), &st) != 0) return {};
  return std::to_string(st.st_dev) + ' ' + std::to_string(st.st_ino) + ' ' + std::to_string(st.st_size) + ' ' +
         std::to_string(st.st_mtim.tv_sec) + '.' + std::to_string(st.st_mtim.tv_nsec);
}

bool verifies(const fs::path& path) {
  try {
    CheckpointReader(path).verify();
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool stands_in_for(const RetentionEntry& newer, const RetentionEntry& older) {
  return !newer.lacks_rows && (newer.scope == CheckpointScope::all || older.scope == CheckpointScope::memory_only);
}

constexpr std::string_view kLanded = ".landed-";

fs::path landed_mark(const fs::path& directory, std::string_view buffer) {
  return directory / (std::string(kLanded) + std::string(buffer));
}

std::vector<fs::path> entries_of(const fs::path& directory) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    paths.push_back(at->path());
  }
  return paths;
}

/// Marks of buffers that have no checkpoint there any more.
void remove_stale_marks(const fs::path& directory) {
  std::set<std::string> buffers;
  std::vector<std::pair<fs::path, std::string>> marks;
  for (const fs::path& path : entries_of(directory)) {
    const std::string name = path.filename().string();
    if (name.starts_with(kLanded)) marks.emplace_back(path, name.substr(kLanded.size()));
    if (const auto parsed = parse_checkpoint_name(name)) buffers.emplace(parsed->buffer);
  }

  for (const auto& [path, buffer] : marks) {
    if (!buffers.contains(buffer)) ::unlink(path.c_str());
  }
}

}  // namespace

void note_all_landed(const fs::path& directory, std::string_view buffer) noexcept {
  try {
    for (const fs::path& path : entries_of(directory)) {
      const std::string name = path.filename().string();
      const auto parsed = parse_checkpoint_name(name);
      if (!parsed || parsed->buffer != buffer) continue;
      const UniqueFd mark(
          ::open(landed_mark(directory, buffer).c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
      return;
    }
  } catch (const std::exception&) {
    // No memory: they are kept for longer.
  }
}

bool all_landed(const fs::path& directory, std::string_view buffer) noexcept {
  try {
    struct stat st = {};
    return ::lstat(landed_mark(directory, buffer).c_str(), &st) == 0 && S_ISREG(st.st_mode);
  } catch (const std::exception&) {
    return false;
  }
}

std::vector<fs::path> checkpoints_to_remove(const std::vector<RetentionEntry>& entries, std::int64_t now_us,
                                            std::chrono::hours keep,
                                            const std::function<bool(const RetentionEntry&)>& is_good,
                                            const std::function<bool(const std::string& buffer)>& is_finished) {
  std::vector<const RetentionEntry*> newest_first;
  newest_first.reserve(entries.size());
  for (const RetentionEntry& e : entries) newest_first.push_back(&e);
  std::sort(newest_first.begin(), newest_first.end(), [](const RetentionEntry* a, const RetentionEntry* b) {
    return std::tie(b->buffer, b->number, b->created_us, b->path) <
           std::tie(a->buffer, a->number, a->created_us, a->path);
  });

  std::map<const RetentionEntry*, bool> asked;
  const auto good = [&](const RetentionEntry* e) {
    const auto [answer, first] = asked.try_emplace(e, false);
    if (first) answer->second = is_good(*e);
    return answer->second;
  };

  const std::int64_t keep_us = std::chrono::duration_cast<std::chrono::microseconds>(keep).count();
  std::vector<fs::path> gone;
  for (std::size_t i = 0; i < newest_first.size(); ++i) {
    const RetentionEntry* one = newest_first[i];
    if (one->created_us > now_us || now_us - one->created_us <= keep_us) continue;
    if (is_finished(one->buffer)) {
      if (good(one)) gone.push_back(one->path);  // what is damaged may hold rows that never arrived
      continue;
    }

    std::size_t newer_good = 0;
    bool superseded = false;
    for (std::size_t n = i; n-- > 0 && newest_first[n]->buffer == one->buffer && (newer_good < 2 || !superseded);) {
      const RetentionEntry* newer = newest_first[n];
      // Numbers order; of files that share one (moved away and back) none is newer.
      if (newer->number == one->number || !good(newer)) continue;
      ++newer_good;
      superseded = superseded || stands_in_for(*newer, *one);
    }
    if (superseded && newer_good >= 2) gone.push_back(one->path);
  }
  return gone;
}

void CheckpointRetention::note_good(const fs::path& path) { good_[path] = identity_of(path); }

std::vector<fs::path> CheckpointRetention::apply() {
  return apply([this](const CheckpointOrigin& origin) { return all_landed(directory_, origin.buffer); });
}

std::vector<fs::path> CheckpointRetention::apply(const std::function<bool(const CheckpointOrigin&)>& is_finished) {
  std::vector<RetentionEntry> entries;
  std::map<std::string, CheckpointOrigin> origins;
  for (const ListedCheckpoint& c : list_checkpoints(directory_)) {
    if (!c.info) continue;  // whose it is, nothing tells for certain
    const CheckpointInfo& info = *c.info;
    entries.push_back({c.path, info.origin.buffer, info.number, info.created_us, info.scope, !info.missing.empty()});
    origins.try_emplace(info.origin.buffer, info.origin);
  }

  const auto is_good = [&](const RetentionEntry& e) {
    const std::string identity = identity_of(e.path);
    const auto known = good_.find(e.path);
    if (known != good_.end() && known->second == identity && !identity.empty()) return true;
    if (!verifies(e.path)) return false;
    good_[e.path] = identity;
    return true;
  };
  const auto finished = [&](const std::string& buffer) { return is_finished(origins.at(buffer)); };

  std::vector<fs::path> removed;
  for (const fs::path& path : checkpoints_to_remove(entries, wall_us(), keep_, is_good, finished)) {
    if (::unlink(path.c_str()) == 0) removed.push_back(path);
  }
  if (!removed.empty()) remove_stale_marks(directory_);
  std::erase_if(good_, [](const auto& known) { return identity_of(known.first).empty(); });
  return removed;
}

}  // namespace forebay
