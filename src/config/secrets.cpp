#include "config/secrets.hpp"

#include "base/destination_url.hpp"
#include "base/text.hpp"

namespace forebay {
namespace {

constexpr std::string_view kMask = "****";

/// `password`, `sslpassword`, `passwd` …, percent-encoded or not: whatever could be one is masked.
bool secret_parameter(std::string_view name) {
  const std::string lower = ascii_lower(name);
  return lower.find("pass") != std::string::npos || lower.find("secret") != std::string::npos ||
         lower.find("token") != std::string::npos || lower.find('%') != std::string::npos;
}

std::string masked_query(std::string_view query) {
  std::string out;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && equals + 1 < pair.size() && secret_parameter(pair.substr(0, equals))) {
      out.append(pair.substr(0, equals + 1)).append(kMask);
    } else {
      out += pair;
    }

    if (end == std::string_view::npos) break;
    out += '&';
    query.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

std::string without_secrets(std::string_view url) {
  if (const auto parsed = DestinationUrl::parse(url); parsed && parsed->is_catalog()) {
    // A file, unless a line end was lost behind it.
    return may_hold_secret(parsed->catalog_file()) ? catalog_name(kMask) : std::string(url);
  }

  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "(not shown: not a URL)";
  const std::string_view rest = url.substr(scheme + 3);
  const std::size_t question = rest.find('?');
  const std::string_view head = rest.substr(0, question);

  // A password that was not percent-encoded may hold '/', '?' or '@', so where it ends is a guess: rather hide too
  // much.
  std::string out(url.substr(0, scheme + 3));
  const bool query_holds_at = question != std::string_view::npos && rest.find('@', question) != std::string_view::npos;
  const std::size_t at = head.rfind('@');
  const std::size_t colon = head.find(':');

  if (at == std::string_view::npos && query_holds_at && colon != std::string_view::npos) {
    return out.append(head.substr(0, colon + 1)).append(kMask);
  }
  if (at != std::string_view::npos && colon < at) {
    out.append(head.substr(0, colon + 1)).append(colon + 1 < at ? kMask : "").append(head.substr(at));
  } else {
    out += head;
  }

  if (question == std::string_view::npos) return out;
  return out.append("?").append(query_holds_at ? std::string(kMask) : masked_query(rest.substr(question + 1)));
}

bool holds_secret(std::string_view url) { return without_secrets(url) != url; }

bool may_hold_secret(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return true;
  const std::string lower = ascii_lower(text);
  return lower.find("password=") != std::string::npos || lower.find("passwd=") != std::string::npos;
}

}  // namespace forebay
