#include "sink/postgres/hosts.hpp"

#include <arpa/inet.h>
#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace forebay {

namespace {

constexpr std::size_t kPostgresSize = 56;
constexpr std::size_t kOpenGaussSize = 64;
static_assert(offsetof(PQconninfoOption, keyword) == 0 && offsetof(PQconninfoOption, dispsize) + 8 == kPostgresSize);

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

/// What stands behind the first element's 56 bytes: the next one's keyword, an address, or the length of the first
/// one's value. No address is as small as a length.
std::size_t element_size(const char* options) {
  constexpr std::uintptr_t kLengthMax = 65'535;
  std::uintptr_t behind = 0;
  std::memcpy(&behind, options + kPostgresSize, sizeof behind);
  return behind <= kLengthMax ? kOpenGaussSize : kPostgresSize;
}

}  // namespace

Conninfo conninfo_values(const void* options) {
  Conninfo values;
  if (options == nullptr) return values;
  const char* at = static_cast<const char*>(options);
  const std::size_t size = element_size(at);
  const auto member = [&](std::size_t offset) {
    const char* text = nullptr;
    std::memcpy(&text, at + offset, sizeof text);
    return text;
  };

  for (const char* keyword = nullptr; (keyword = member(offsetof(PQconninfoOption, keyword))) != nullptr; at += size) {
    const char* value = member(offsetof(PQconninfoOption, val));
    if (value != nullptr && *value != '\0') values[keyword] = value;
  }
  return values;
}

bool parse_conninfo(const std::string& text, Conninfo& given, std::string& why) {
  char* error = nullptr;
  const Options options(PQconninfoParse(text.c_str(), &error), &PQconninfoFree);
  if (options == nullptr) why = error != nullptr ? error : "no memory";
  PQfreemem(error);
  given = conninfo_values(options.get());
  return options != nullptr;
}

Conninfo default_conninfo() { return conninfo_values(Options(PQconndefaults(), &PQconninfoFree).get()); }

std::vector<std::string> split_list(const std::string& list) {
  std::vector<std::string> items(1);
  for (const char c : list) {
    if (c == ',') {
      items.emplace_back();
    } else {
      items.back() += c;
    }
  }
  return items;
}

std::vector<PostgresHost> hosts_of(const std::string& url) {
  Conninfo given;
  std::string why;
  parse_conninfo(url, given, why);
  Conninfo values = default_conninfo();
  for (const auto& [key, value] : given) values[key] = value;
  // A service named in the URL may name hosts that are not seen here.
  if (given.contains("service") && !given.contains("host") && !given.contains("hostaddr")) return {PostgresHost{}};

  const bool by_name = values.contains("host");
  const bool by_address = values.contains("hostaddr");
  const std::vector<std::string> hosts = split_list(values["host"]);
  const std::vector<std::string> addresses = split_list(values["hostaddr"]);
  const std::vector<std::string> ports = split_list(values["port"]);
  const std::size_t count = by_address ? addresses.size() : hosts.size();
  if ((by_address && by_name && hosts.size() != count) || (ports.size() != 1 && ports.size() != count))
    return {PostgresHost{}};

  std::string attrs = values["target_session_attrs"];
  // libpq's default, "any", passes for none; who means it says so.
  const bool asked = given.contains("target_session_attrs") || std::getenv("PGTARGETSESSIONATTRS") != nullptr;
  if (!asked && attrs == "any") attrs = count > 1 ? "read-write" : "";

  std::vector<PostgresHost> all;
  for (std::size_t i = 0; i < count; ++i) {
    PostgresHost h;
    if (by_name) h.host = hosts[i];
    if (by_address) h.hostaddr = addresses[i];
    h.port = ports[ports.size() == 1 ? 0 : i];
    h.target_session_attrs = attrs;
    // An empty entry of a list means the default, which cannot be said by leaving the parameter out.
    if (count > 1 && h.host.empty() && h.hostaddr.empty()) return {PostgresHost{}};
    all.push_back(std::move(h));
  }
  return all;
}

bool needs_lookup(const PostgresHost& host) {
  if (host.host.empty() || !host.hostaddr.empty() || host.host.front() == '/' || host.host.front() == '@') return false;
  in_addr number = {};
  return host.host.find(':') == std::string::npos && ::inet_pton(AF_INET, host.host.c_str(), &number) != 1;
}

}  // namespace forebay
