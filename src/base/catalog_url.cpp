#include "base/catalog_url.hpp"

#include <algorithm>
#include <array>

namespace forebay {
namespace {

/// Parameters that SQLite and what is built on it take in a URL.
constexpr std::array<std::string_view, 11> kParameters = {
    "mode",    "cache",        "immutable",         "nolock",         "psow", "vfs", "uri",
    "timeout", "journal_mode", "check_same_thread", "isolation_level"};

bool has_parameter(std::string_view file) {
  const auto question = file.find('?');
  if (question == std::string_view::npos) return false;
  const std::string_view behind = file.substr(question + 1);
  const std::string_view name = behind.substr(0, behind.find('='));
  return name.size() < behind.size() && std::find(kParameters.begin(), kParameters.end(), name) != kParameters.end();
}

}  // namespace

std::string catalog_file(std::string_view url) {
  std::string_view file = url.substr(kCatalogScheme.size());
  if (file.starts_with("///")) file.remove_prefix(2);  // sqlite:///FILE, as others write it
  return std::string(file);
}

std::string_view why_no_catalog_file(std::string_view url) {
  const std::string file = catalog_file(url);
  const std::string_view name = std::string_view(file).substr(file.rfind('/') + 1);
  if (file.empty()) return "must name a file after sqlite:";
  if (file.starts_with("//") || name.empty())
    return "names no file: write sqlite:FILE, such as sqlite:/var/lib/forebay/catalog.db";
  if (file.find('\0') != std::string::npos) return "has a NUL byte in its file's name";
  const bool in_memory = file.starts_with(":memory:") || file == "/:memory:";  // sqlite:///:memory:
  if (in_memory || file.starts_with("file:")) {
    return "names no file: a database in memory would end with the process, and file: URIs are not read; write "
           "sqlite:FILE, such as sqlite:/var/lib/forebay/catalog.db (sqlite:./NAME for a file that is really called "
           "so)";
  }
  if (has_parameter(file))
    return "has parameters behind a question mark, and sqlite: takes none: what follows it is the file's name";
  return {};
}

}  // namespace forebay
