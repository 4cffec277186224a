#include "adoption/version_shift.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <limits>

#include "base/private_path.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
/// Versions end in 2091.
constexpr std::int64_t kTimeMaxUs = (std::int64_t{1} << (63 - kVersionSaltBits)) - 1;

std::int64_t unix_us(std::int64_t version) { return version_us_since_2020(version) + kVersionEpochUnixUs; }

/// Rounded away from zero, so that what is moved by so much is moved far enough.
std::int64_t whole_seconds(std::int64_t us) { return us < 0 ? -whole_seconds(-us) : (us + kSecond - 1) / kSecond; }

std::string seconds_apart(std::int64_t us) { return std::to_string(std::llabs(us) / kSecond) + " s"; }

std::optional<std::int64_t> read_number(const std::filesystem::path& path) {
  struct stat st = {};
  if (::lstat(path.c_str(), &st) != 0) return std::nullopt;
  const std::string text = read_private_file(path, 64);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != '\n') {
    throw Error(ErrorCode::damaged,
                path.string() + " is damaged: it does not hold a number; remove it, or move it away");
  }
  return number;
}

}  // namespace

ClocksNow clocks_now(const VersionClock::Sources& sources) { return {sources.wall_us(), sources.boot_us(), boot_id()}; }

std::optional<VersionDoubt> doubt_versions(const StampedRows& rows, const ClocksNow& now,
                                           std::chrono::seconds tolerance) {
  const std::int64_t tolerance_us = std::chrono::microseconds(tolerance).count();
  if (rows.refused_ahead_us && std::llabs(*rows.refused_ahead_us) > tolerance_us) {
    const std::int64_t ahead = *rows.refused_ahead_us;
    return VersionDoubt{-whole_seconds(ahead), "its rows were taken while this machine's clock was " +
                                                   seconds_apart(ahead) + (ahead > 0 ? " ahead of" : " behind") +
                                                   " the destination's"};
  }

  const std::int64_t ahead = unix_us(rows.version_max) - now.wall_us;
  if (ahead <= tolerance_us) return std::nullopt;
  std::int64_t shift_us = -ahead;
  // On the same boot the two offsets tell exactly by how much the wall clock was set back.
  const std::int64_t stepped = now.wall_us - now.boot_us - rows.wall_minus_boot_us;
  if (rows.wall_minus_boot_us != 0 && rows.boot_id == now.boot_id && stepped < -tolerance_us) shift_us = stepped;
  return VersionDoubt{-whole_seconds(-shift_us), "its newest row is stamped " + seconds_apart(ahead) +
                                                     " ahead of this machine's clock, so the clock was ahead then, or "
                                                     "is behind now"};
}

std::string shift_problem(const StampedRows& rows, std::chrono::seconds by, const ClocksNow& now,
                          std::chrono::seconds tolerance) {
  if (by.count() == 0) return {};
  const std::int64_t seconds = by.count();
  if (seconds > kTimeMaxUs / kSecond || seconds < -(kTimeMaxUs / kSecond)) return "no time is that far away";

  const std::int64_t first = version_us_since_2020(rows.version_min) + seconds * kSecond;
  const std::int64_t last = version_us_since_2020(rows.version_max) + seconds * kSecond;
  if (first < 0) return "its oldest row would be stamped before 2020, where versions begin";
  const std::int64_t ahead = last + kVersionEpochUnixUs - now.wall_us;
  if (last > kTimeMaxUs || ahead > std::chrono::microseconds(tolerance).count()) {
    return "its newest row would then be stamped " + seconds_apart(ahead) + " ahead of this machine's clock";
  }
  return {};
}

std::optional<std::chrono::seconds> read_shift(const std::filesystem::path& folder) {
  const auto number = read_number(folder / "version-shift");
  if (!number) return std::nullopt;
  return std::chrono::seconds(*number);
}

void write_shift(const std::filesystem::path& folder, std::chrono::seconds by, bool flush) {
  write_private_file(folder / "version-shift", std::to_string(by.count()) + "\n", flush);
}

std::optional<std::int64_t> read_clock_apart(const std::filesystem::path& folder) {
  return read_number(folder / "clock-apart");
}

void write_clock_apart(const std::filesystem::path& folder, std::optional<std::int64_t> ahead_us, bool flush) {
  if (ahead_us) return write_private_file(folder / "clock-apart", std::to_string(*ahead_us) + "\n", flush);
  ::unlink((folder / "clock-apart").c_str());
}

std::string unix_time(std::int64_t us) {
  const auto seconds = static_cast<std::time_t>(us / kSecond);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::string version_time(std::int64_t version) { return unix_time(unix_us(version)); }

}  // namespace forebay
