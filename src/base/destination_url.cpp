#include "base/destination_url.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "forebay/error.hpp"

namespace forebay {
namespace {

constexpr std::string_view kPostgres = "postgresql://";
constexpr std::string_view kOpenGauss = "opengauss://";
constexpr std::string_view kCatalog = "sqlite:";

constexpr std::array<std::pair<std::string_view, DestinationUrl::Kind>, 4> kSchemes = {{
    {kPostgres, DestinationUrl::Kind::postgres},
    {"postgres://", DestinationUrl::Kind::postgres},
    {kOpenGauss, DestinationUrl::Kind::opengauss},
    {kCatalog, DestinationUrl::Kind::catalog},
}};

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

std::optional<DestinationUrl> DestinationUrl::parse(std::string_view text) {
  if (text.empty()) return DestinationUrl(Kind::postgres, text);
  for (const auto& [scheme, kind] : kSchemes) {
    if (text.starts_with(scheme)) return DestinationUrl(kind, text);
  }
  return std::nullopt;
}

DestinationUrl DestinationUrl::of_catalog(const std::filesystem::path& file) {
  return {Kind::catalog, catalog_name(file.string())};
}

std::string DestinationUrl::for_libpq() const {
  if (kind_ == Kind::opengauss) return std::string(kPostgres) + text_.substr(kOpenGauss.size());
  return text_.empty() ? std::string(kPostgres) : text_;
}

std::string DestinationUrl::catalog_file() const {
  std::string_view file = std::string_view(text_).substr(kCatalog.size());
  if (file.starts_with("///")) file.remove_prefix(2);  // sqlite:///FILE, as others write it
  return std::string(file);
}

std::string_view DestinationUrl::why_no_catalog_file() const {
  const std::string file = catalog_file();
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

DestinationUrl destination_url(std::string_view text) {
  if (auto url = DestinationUrl::parse(text)) {
    if (const std::string_view why = url->is_catalog() ? url->why_no_catalog_file() : ""; !why.empty())
      throw Error(ErrorCode::usage, "the destination URL (--to, or DATABASE_URL) " + std::string(why));
    return *url;
  }

  // Only what looks like a scheme is shown: the rest may hold a password.
  const auto end = text.find("://");
  const std::string_view scheme = text.substr(0, end == std::string_view::npos ? 0 : end);
  const bool shown = !scheme.empty() && scheme.size() <= 20 && std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  throw Error(ErrorCode::usage,
              "the destination URL " +
                  (shown ? "starts with " + std::string(scheme) + "://, which is not known" : "has no scheme") +
                  "; write postgresql://user@host:5432/database, opengauss://… or sqlite:FILE");
}

std::string catalog_name(std::string_view file) { return std::string(kCatalog).append(file); }

}  // namespace forebay
