#include <algorithm>
#include <string>
#include <string_view>

#include "sink/postgres_destination.hpp"
#include "sink/sink.hpp"
#include "sink/sqlite_sink.hpp"

namespace forebay {

std::unique_ptr<Destination> make_destination(const std::string& url, const DestinationOptions& options) {
  const std::string_view text = url;
  if (text.empty() || text.starts_with("postgresql://") || text.starts_with("postgres://") ||
      text.starts_with("opengauss://")) {
    return make_postgres_destination(url, options);
  }
  if (text.starts_with("sqlite:")) {
    std::string file = url.substr(std::string_view("sqlite:").size());
    if (file.starts_with("///")) file.erase(0, 2);  // sqlite:///FILE, as others write it
    if (file.empty() || file.starts_with("//") || file.ends_with('/')) {
      throw Error(ErrorCode::usage,
                  "the destination URL names no file: write sqlite:FILE, such as sqlite:/var/lib/forebay/catalog.db");
    }
    if (file.find('\0') != std::string::npos)
      throw Error(ErrorCode::usage, "the destination's file name holds a NUL byte");
    return make_sqlite_destination(file, options);
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
