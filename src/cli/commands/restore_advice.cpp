#include "cli/commands/restore_advice.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "checkpoint/folder.hpp"
#include "forebay/error.hpp"

namespace forebay::cli {
namespace {

struct NamedCheckpoint {
  std::string buffer;
  std::uint64_t number = 0;
};

/// From checkpoint_name(): what is in a damaged file cannot be asked.
std::optional<NamedCheckpoint> parsed_name(std::string_view name) {
  constexpr std::string_view kPrefix = "checkpoint-";
  constexpr std::string_view kSuffix = ".db";
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name = name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  const auto before_number = name.rfind('-');
  if (before_number == std::string_view::npos || before_number == 0) return std::nullopt;
  const auto before_time = name.rfind('-', before_number - 1);
  if (before_time == std::string_view::npos) return std::nullopt;

  NamedCheckpoint parsed;
  const std::string_view number = name.substr(before_number + 1);
  const auto [at, error] = std::from_chars(number.data(), number.data() + number.size(), parsed.number);
  if (error != std::errc() || at != number.data() + number.size()) return std::nullopt;
  parsed.buffer = name.substr(0, before_time);
  return parsed;
}

}  // namespace

std::string older_good_one(const std::filesystem::path& refused) {
  const auto named = parsed_name(refused.filename().string());
  if (!named) return {};
  try {
    std::vector<std::string> passed_over;
    const std::filesystem::path folder = refused.has_parent_path() ? refused.parent_path() : ".";
    const auto older = newest_good_checkpoint(folder, named->buffer, named->number, passed_over);
    if (older) return "; an older good one of the same buffer is " + printable(older->string());
  } catch (const Error&) {
    // Advice only: the file is refused either way.
  }
  return {};
}

}  // namespace forebay::cli
