#include "config/env_init.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <set>

#include "base/human.hpp"
#include "base/io.hpp"
#include "config/env_file.hpp"
#include "forebay/error.hpp"
#include "forebay/version.hpp"

namespace forebay {

namespace {

constexpr std::string_view kHeader =
    R"(# Settings of forebay. docs/settings.md explains each; `forebay config show` tells what is in force and where it comes
# from, `forebay config check` whether it works. Command line and environment win over this file.
# A line is NAME=value; what follows " #" is a comment. Keep a file that holds a password to yourself: chmod 600 .env
# What is set below is the sizing of one of the profiles strong, ordinary and small (docs/settings.md).
)";

std::string block(const Setting& setting, Profile profile) {
  std::string text = "# " + std::string(setting.help) + "." + "\n# ";
  if (setting.type == SettingType::number || setting.type == SettingType::choice ||
      setting.type == SettingType::boolean) {
    text += "Allowed: " + allowed_values(setting) + ". ";
  }
  text += "Default: " + std::string(setting.default_text.empty() ? setting.default_note : setting.default_text) + ".\n";
  if (setting.not_built) text += "# Not built in this release: refused when set.\n";

  const std::string_view sized = profile_value(setting, profile);
  if (!sized.empty()) return text + std::string(setting.name) + "=" + std::string(sized) + "\n";
  return text + "#" + std::string(setting.name) + "=" +
         std::string(setting.default_text.empty() ? setting.example : setting.default_text) + "\n";
}

/// The name of a setting that a comment holds ("#NAME=…", "# export NAME=…"); empty: none.
std::string_view commented_name(std::string_view line) {
  const auto skip = [&](auto&& wanted) {
    while (!line.empty() && wanted(line.front())) line.remove_prefix(1);
  };
  skip(is_env_blank);
  if (line.empty() || line.front() != '#') return {};
  skip([](char c) { return c == '#' || is_env_blank(c); });
  if (line.starts_with("export ")) line.remove_prefix(7);
  skip(is_env_blank);

  std::string_view name = line.substr(0, line.find('='));
  if (name.size() == line.size()) return {};
  while (!name.empty() && is_env_blank(name.back())) name.remove_suffix(1);
  return name;
}

std::set<std::string, std::less<>> names_in(std::string_view text, const std::string& file) {
  std::set<std::string, std::less<>> names;
  for (const EnvEntry& entry : parse_env_text(text, file)) names.insert(entry.name);

  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    names.emplace(commented_name(text.substr(0, end)));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return names;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? "\r\n" : std::string(1, c);
  return out;
}

}  // namespace

std::optional<Profile> profile_of(std::string_view name) {
  for (const Profile profile : {Profile::strong, Profile::ordinary, Profile::small}) {
    if (to_string(profile) == name) return profile;
  }
  return std::nullopt;
}

std::string_view to_string(Profile profile) noexcept {
  switch (profile) {
    case Profile::strong:
      return "strong";
    case Profile::ordinary:
      return "ordinary";
    case Profile::small:
      break;
  }
  return "small";
}

std::string_view profile_value(const Setting& setting, Profile profile) noexcept {
  switch (profile) {
    case Profile::strong:
      return setting.strong;
    case Profile::ordinary:
      return setting.ordinary;
    case Profile::small:
      break;
  }
  return setting.small;
}

std::string env_template(Profile profile) {
  std::string text(kHeader);
  for (const Setting& setting : all_settings()) text += "\n" + block(setting, profile);
  return text;
}

EnvAddition env_addition(std::string_view text, const std::string& file, Profile profile) {
  const auto names = names_in(text, file);
  EnvAddition addition;
  std::string blocks;
  for (const Setting& setting : all_settings()) {
    if (names.contains(setting.name)) continue;
    addition.names.push_back(setting.name);
    blocks += "\n" + block(setting, profile);
  }
  if (addition.names.empty()) return addition;

  const bool crlf = text.find("\r\n") != std::string_view::npos;
  std::string lines = text.empty() || text.ends_with('\n') ? "" : "\n";
  lines += "\n# Added by forebay " FOREBAY_VERSION " (config init): settings that this file did not have.\n" + blocks;
  addition.text = crlf ? with_crlf(lines) : lines;
  return addition;
}

namespace {

[[noreturn]] void fail(ErrorCode code, const std::string& doing, const std::filesystem::path& file,
                       const std::string& why) {
  throw Error(code, "cannot " + doing + " " + file.string() + ": " + why);
}
[[noreturn]] void disk_refused(const std::string& doing, const std::filesystem::path& file, int error) {
  fail(ErrorCode::local, doing, file, std::strerror(error));
}

UniqueFd open_file(const std::filesystem::path& path, int flags, mode_t mode = 0) {
  return UniqueFd(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode));
}

/// False, with errno, where not all of it is on the disk.
bool write_all(const UniqueFd& file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(file.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::fsync(file.get()) == 0;
}

std::string read_all(const UniqueFd& file, const std::filesystem::path& path) {
  std::string text;
  char block[16384];
  for (;;) {
    const ssize_t n = ::read(file.get(), block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) disk_refused("read", path, errno);
    if (n == 0) return text;
    text.append(block, static_cast<std::size_t>(n));
  }
}

/// False where the name is taken. What could not be written whole is taken away again.
bool write_new(const std::filesystem::path& path, std::string_view text, mode_t mode) {
  const UniqueFd file = open_file(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (!file && errno == EEXIST) return false;
  if (!file) disk_refused("create", path, errno);

  if (::fchmod(file.get(), mode) != 0 || !write_all(file, text)) {
    const int why = errno;
    ::unlink(path.c_str());
    disk_refused("write", path, why);
  }
  return true;
}

std::filesystem::path write_backup(const std::filesystem::path& file, std::string_view text, mode_t mode) {
  constexpr int kBackupsInASecondMax = 100;
  const std::string stem = file.string() + ".bak-" + compact_utc(std::chrono::system_clock::now());
  std::filesystem::path backup = stem;
  // Two within one second: the name of the earlier one is taken, and it is kept.
  for (int n = 1; !write_new(backup, text, mode); ++n) {
    if (n > kBackupsInASecondMax) disk_refused("create", backup, EEXIST);
    backup = stem + "-" + std::to_string(n);
  }
  return backup;
}

std::vector<std::string> values_kept(std::string_view text, const std::string& file, Profile profile) {
  std::vector<std::string> kept;
  for (const EnvEntry& entry : parse_env_text(text, file)) {
    const Setting* setting = find_setting(entry.name);
    if (setting == nullptr) continue;
    const std::string_view sized = profile_value(*setting, profile);
    if (sized.empty() || sized == entry.value) continue;
    kept.push_back(entry.name + " stays as line " + std::to_string(entry.line) + " has it; " +
                   std::string(to_string(profile)) + " servers: " + std::string(sized));
  }
  return kept;
}

EnvInit add_to(const std::filesystem::path& path, Profile profile) {
  const UniqueFd file = open_file(path, O_RDWR | O_APPEND);
  if (!file) {
    if (errno == ELOOP) fail(ErrorCode::usage, "change", path, "it is a symlink; name the file that it points to");
    if (errno == EISDIR || errno == ENXIO) fail(ErrorCode::usage, "change", path, "it is not a regular file");
    disk_refused("open", path, errno);
  }

  struct stat st = {};
  if (::fstat(file.get(), &st) != 0) disk_refused("look at", path, errno);
  if (!S_ISREG(st.st_mode)) fail(ErrorCode::usage, "change", path, "it is not a regular file");

  const std::string text = read_all(file, path);
  const EnvAddition addition = env_addition(text, path.string(), profile);

  EnvInit result;
  result.added = addition.names;
  result.kept = values_kept(text, path.string(), profile);
  if (addition.names.empty()) return result;

  result.backup = write_backup(path, text, st.st_mode & 07777);
  if (!write_all(file, addition.text)) {
    const int why = errno;
    const bool undone = ::ftruncate(file.get(), st.st_size) == 0;
    if (undone) disk_refused("add to", path, why);
    fail(ErrorCode::local, "add to", path,
         std::string(std::strerror(why)) + "; the file as it was: " + result.backup.string());
  }
  return result;
}

}  // namespace

EnvInit init_env_file(const std::filesystem::path& file, Profile profile) {
  struct stat st = {};
  if (::lstat(file.c_str(), &st) == 0) return add_to(file, profile);
  if (errno != ENOENT) disk_refused("look at", file, errno);
  if (!write_new(file, env_template(profile), 0600)) disk_refused("create", file, EEXIST);
  EnvInit result;
  result.created = true;
  return result;
}

}  // namespace forebay
