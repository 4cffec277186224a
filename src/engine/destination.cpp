#include "engine/destination.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/catalog_url.hpp"
#include "sink/postgres/destination.hpp"
#include "sink/sqlite/destination.hpp"

namespace forebay {

std::unique_ptr<Destination> make_destination(const std::string& url, const DestinationOptions& options) {
  const std::string_view text = url;
  if (text.empty() || text.starts_with("postgresql://") || text.starts_with("postgres://") ||
      text.starts_with("opengauss://")) {
    return make_postgres_destination(url, options);
  }
  if (text.starts_with(kCatalogScheme)) {
    if (const std::string_view why = why_no_catalog_file(text); !why.empty())
      throw Error(ErrorCode::usage, "the destination URL (--to, or DATABASE_URL) " + std::string(why));
    return make_sqlite_destination(catalog_file(text), options);
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

}  // namespace forebay
