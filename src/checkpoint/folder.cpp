#include "checkpoint/folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <system_error>
#include <tuple>

#include "base/human.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/reader.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace fs = std::filesystem;

namespace {

/// Without a slash at the end, behind which lstat() would follow a symlink.
fs::path without_end_slash(const fs::path& directory) {
  return directory.has_filename() ? directory : directory.parent_path();
}

}  // namespace

fs::path checkpoint_directory(const fs::path& setting, const fs::path& state_directory) {
  return setting.empty() ? state_directory / "checkpoints"
                         : without_end_slash(fs::absolute(setting).lexically_normal());
}

fs::path checkpoints_of_buffer(const fs::path& named, const fs::path& state_directory) {
  fs::path own = checkpoint_directory({}, state_directory);
  if (named.empty()) return own;

  std::error_code error;
  const bool gone = !fs::exists(named, error) && !error;
  return gone && fs::exists(own, error) ? own : named;
}

std::optional<std::string> checkpoint_directory_problem(const fs::path& directory) {
  struct stat st = {};
  if (::lstat(without_end_slash(directory).c_str(), &st) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return std::strerror(errno);
  }

  if (S_ISLNK(st.st_mode)) return "it is a symlink; name the folder that it points at";
  if (!S_ISDIR(st.st_mode)) return "it is not a directory; set MEMORY_DB_CHECKPOINT_DIR to one";
  if (st.st_uid != ::geteuid() && st.st_uid != 0) {
    return "it belongs to another user; set MEMORY_DB_CHECKPOINT_DIR to one of your own";
  }
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return "others may write to it; chmod 700 it, or set MEMORY_DB_CHECKPOINT_DIR to another";
  }
  return std::nullopt;
}

std::optional<std::string> why_no_checkpoints(const fs::path& directory) {
  constexpr const char* kElsewhere = "; set MEMORY_DB_CHECKPOINT_DIR to a folder that this user may write to";
  if (auto problem = checkpoint_directory_problem(directory)) return problem;
  std::error_code ignored;
  if (!fs::exists(directory, ignored)) {
    const auto why = why_not_to_be_made(directory);
    return why ? std::optional(*why + kElsewhere) : std::nullopt;
  }
  if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0) return std::string(std::strerror(errno)) + kElsewhere;
  return std::nullopt;
}

std::string checkpoint_name(std::string_view buffer, std::int64_t created_us, std::uint64_t number) {
  const auto created = std::chrono::system_clock::time_point(std::chrono::microseconds(created_us));
  return "checkpoint-" + std::string(buffer) + "-" + compact_utc(created) + "-" + std::to_string(number) + ".db";
}

std::optional<CheckpointName> parse_checkpoint_name(std::string_view name) {
  constexpr std::string_view kStart = "checkpoint-";
  constexpr std::string_view kEnd = ".db";
  if (!name.starts_with(kStart) || !name.ends_with(kEnd)) return std::nullopt;
  name.remove_prefix(kStart.size());
  name.remove_suffix(kEnd.size());

  const std::size_t number_at = name.rfind('-');
  if (number_at == std::string_view::npos || number_at == 0) return std::nullopt;
  const std::size_t time_at = name.rfind('-', number_at - 1);
  if (time_at == std::string_view::npos) return std::nullopt;

  CheckpointName parsed;
  const std::string_view digits = name.substr(number_at + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  parsed.buffer = name.substr(0, time_at);
  return is_buffer_id(parsed.buffer) ? std::optional(parsed) : std::nullopt;
}

std::vector<ListedCheckpoint> list_checkpoints(const fs::path& directory) {
  std::vector<ListedCheckpoint> listed;
  std::error_code error;
  fs::directory_iterator at(directory, error);
  if (error == std::errc::no_such_file_or_directory) return listed;
  for (const fs::directory_iterator end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with("checkpoint-") || !name.ends_with(".db")) continue;
    ListedCheckpoint one{at->path(), {}, {}};
    try {
      one.info = CheckpointReader(one.path).info();
    } catch (const Error& e) {
      one.problem = e.what();
    }
    listed.push_back(std::move(one));
  }

  if (error) {
    throw Error(ErrorCode::local, "cannot read directory " + directory.string() + ": " + error.message());
  }

  // Of one that cannot be read, the name is all that tells whose it is.
  const auto order = [](const ListedCheckpoint& c) {
    if (c.info) return std::tuple(c.info->origin.buffer, c.info->number, c.info->created_us, c.path);
    const std::string file_name = c.path.filename().string();
    const CheckpointName name = parse_checkpoint_name(file_name).value_or(CheckpointName());
    return std::tuple(std::string(name.buffer), name.number, std::int64_t{0}, c.path);
  };
  std::sort(listed.begin(), listed.end(), [&](const auto& a, const auto& b) { return order(a) < order(b); });
  return listed;
}

std::optional<CheckpointReader> open_newest_good_checkpoint(const fs::path& directory, std::string_view buffer,
                                                            std::uint64_t older_than,
                                                            std::vector<std::string>& findings) {
  std::vector<ListedCheckpoint> listed = list_checkpoints(directory);
  std::reverse(listed.begin(), listed.end());
  const auto wanted = [&](std::string_view whose, std::uint64_t number) {
    return whose == buffer && (older_than == 0 || number < older_than);
  };

  for (const ListedCheckpoint& c : listed) {
    if (!c.info) {
      const std::string file_name = c.path.filename().string();
      const auto name = parse_checkpoint_name(file_name);
      if (name && wanted(name->buffer, name->number)) findings.push_back(c.problem);
      continue;
    }
    if (!wanted(c.info->origin.buffer, c.info->number)) continue;
    try {
      CheckpointReader reader(c.path);
      reader.verify();
      return reader;
    } catch (const Error& e) {
      findings.emplace_back(e.what());
    }
  }
  return std::nullopt;
}

std::optional<fs::path> newest_good_checkpoint(const fs::path& directory, std::string_view buffer,
                                               std::uint64_t older_than, std::vector<std::string>& findings) {
  const auto reader = open_newest_good_checkpoint(directory, buffer, older_than, findings);
  return reader ? std::optional(reader->path()) : std::nullopt;
}

std::optional<fs::path> older_good_checkpoint(const fs::path& refused) noexcept {
  try {
    const std::string file_name = refused.filename().string();
    const auto name = parse_checkpoint_name(file_name);
    if (!name || name->number < 2) return std::nullopt;
    std::vector<std::string> passed_over;
    const fs::path folder = refused.has_parent_path() ? refused.parent_path() : ".";
    return newest_good_checkpoint(folder, name->buffer, name->number, passed_over);
  } catch (const std::exception&) {
    return std::nullopt;  // only advice
  }
}

std::string older_good_advice(const fs::path& refused) {
  const auto older = older_good_checkpoint(refused);
  return older ? "; an older good one of the same buffer is " + printable(older->string()) : std::string();
}

}  // namespace forebay
