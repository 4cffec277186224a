#include "sink/postgres/hosts.hpp"

#include <arpa/inet.h>

#include <cstdlib>

#include "sink/postgres/conninfo.hpp"

namespace forebay {

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
