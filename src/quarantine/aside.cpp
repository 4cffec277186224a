#include "quarantine/aside.hpp"

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/private_path.hpp"
#include "forebay/error.hpp"
#include "quarantine/file.hpp"

namespace forebay {
namespace {

namespace fs = std::filesystem;

/// The ending counts: by it the folder's other readers know what was set aside.
std::string aside_name(const std::string& name, unsigned number) {
  return name + (number == 1 ? "" : "." + std::to_string(number)) + ".damaged";
}

}  // namespace

std::string set_quarantine_aside(const fs::path& folder) {
  // One number for both. SQLite's journal goes first: the file would not be whole beside another one's. So its old
  // name may be taken by the one that belongs to this file, where a process was killed between the two.
  const bool has_journal = is_there(folder / kQuarantineJournalName);
  unsigned number = 1;
  while (is_there(folder / aside_name(kQuarantineName, number)) ||
         (has_journal && is_there(folder / aside_name(kQuarantineJournalName, number)))) {
    ++number;
  }

  std::error_code error;
  if (has_journal) {
    fs::rename(folder / kQuarantineJournalName, folder / aside_name(kQuarantineJournalName, number), error);
  }
  std::string name = aside_name(kQuarantineName, number);
  if (!error) fs::rename(folder / kQuarantineName, folder / name, error);

  if (error) {
    throw Error(ErrorCode::local,
                "cannot rename " + (folder / kQuarantineName).string() + " to " + name + ": " + error.message());
  }
  return name;
}

std::vector<std::string> set_aside_quarantines(const fs::path& folder) {
  constexpr std::string_view kEnding = ".damaged";
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with(std::string(kQuarantineName) + ".") && name.ends_with(kEnding)) {
      names.push_back(std::move(name));
    }
  }

  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return std::pair(a.size(), std::string_view(a)) < std::pair(b.size(), std::string_view(b));
  });
  return names;
}

std::string set_aside_problem(const fs::path& folder) {
  const std::vector<std::string> names = set_aside_quarantines(folder);
  if (names.empty()) return {};
  std::string problem = (folder / names.front()).string();
  for (std::size_t i = 1; i < names.size(); ++i) problem += (i + 1 == names.size() ? " and " : ", ") + names[i];
  return problem + (names.size() == 1 ? " was damaged, and its" : " were damaged, and their") +
         " rows cannot be sent again; look at what you need of it, then remove the folder";
}

}  // namespace forebay
