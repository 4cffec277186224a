#include "sink/postgres/url.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/path.hpp"
#include "base/text.hpp"
#include "forebay/error.hpp"
#include "sink/postgres/hosts.hpp"

namespace forebay {
namespace {

/// A '/' in a password ends the address too early, and the rest of the password would pass for a database's name.
void check_slash(const std::string& url) {
  const auto begin = url.find("://") + 3;
  const auto slash = url.find('/', begin);
  const auto end = std::min(url.find('?', begin), url.size());
  if (slash < end && url.substr(slash, end - slash).find('@') != std::string::npos) {
    throw Error(ErrorCode::usage,
                "the destination URL has an '@' after its first '/'; special characters in a password or a database's "
                "name are written as %XX ('/' as %2F, '@' as %40)");
  }
}

/// libpq ends a password at the first '@', and the rest of one that holds another would pass for a host's name: that is
/// looked up, shown and kept.
void check_at(const std::string& url) {
  const auto begin = url.find("://") + 3;
  const auto at = url.find('@', begin);
  if (at == std::string::npos || at > url.find('/', begin)) return;
  const auto end = url.find_first_of("/?", at);
  if (url.find('@', at + 1) < std::min(end, url.size())) {
    throw Error(ErrorCode::usage,
                "the destination URL has more than one '@' before its host; write @ in a password or a user's name as "
                "%40");
  }
}

/// Without a host, libpq takes "/run/postgresql/db" for the name of a database, and looks for it on another server.
void check_socket_directory(const std::string& url) {
  const auto begin = url.find("://") + 3;
  const auto slash = url.find('/', begin);
  const auto end = std::min(url.find('?', begin), url.size());
  if (slash >= end || (slash > begin && url[slash - 1] != '@')) return;
  const std::string path = url.substr(slash, end - slash);
  const auto last = path.rfind('/');
  const auto named = [&](const char* parameter) { return url.find(parameter, end) != std::string::npos; };
  if (last == 0 || named("?host=") || named("&host=") || named("?hostaddr=") || named("&hostaddr=")) return;
  throw Error(ErrorCode::usage,
              "the destination URL names no host, and " + path +
                  " would be the name of a database; a server's socket directory is named by a parameter, as in "
                  "postgresql://user@/" +
                  path.substr(last + 1) + "?host=" + path.substr(0, last) + ", or with / written as %2F");
}

/// The directory is what libpq wants; it adds the socket's name, with the port in it.
void check_socket_name(const Conninfo& values) {
  const auto given = values.find("host");
  if (given == values.end()) return;
  for (const std::string& host : split_list(given->second)) {
    const auto name = host.rfind("/.s.PGSQL.");
    if (!host.starts_with('/') || name == std::string::npos) continue;
    throw Error(ErrorCode::usage,
                "the destination's host is a socket; name its directory, host=" + host.substr(0, name) +
                    ", and its port, port=" + host.substr(name + std::string("/.s.PGSQL.").size()));
  }
}

Conninfo parsed_url(const std::string& url) {
  check_slash(url);
  check_at(url);
  check_socket_directory(url);

  Conninfo given;
  std::string why;
  if (parse_conninfo(url, given, why)) return given;
  while (!why.empty() && why.back() == '\n') why.pop_back();

  // libpq quotes the part it cannot read, and at worst the whole URL. Only a parameter's name is safe to show, and that
  // not where it may be the rest of a password with '@' and '?' in it.
  const bool one_at = std::count(url.begin(), url.end(), '@') <= 1;
  if (!one_at || !why.starts_with("invalid URI query parameter")) {
    if (const auto quote = why.find(": \""); quote != std::string::npos) why.resize(quote);
  }
  throw Error(ErrorCode::usage,
              "the destination URL cannot be read: " + why +
                  "; it looks like postgresql://user@host:5432/database, special characters written as %XX");
}

void check_ports(const Conninfo& values, const Conninfo& given_in_url) {
  const auto given = values.find("port");
  if (given == values.end()) return;
  for (const std::string& port : split_list(given->second)) {
    int number = 0;
    const auto end = std::from_chars(port.data(), port.data() + port.size(), number);
    if (port.empty() ||
        (end.ec == std::errc() && end.ptr == port.data() + port.size() && number >= 1 && number <= 65535))
      continue;

    if (!given_in_url.contains("port")) {
      const char* const variable = std::getenv("PGPORT");
      const bool of_variable = variable != nullptr && variable == given->second;
      throw Error(ErrorCode::usage, std::string(of_variable ? "PGPORT" : "the port in PGSERVICE's section") +
                                        " is not a number from 1 to 65535");
    }
    // Not shown: in a URL whose password holds a '/', libpq takes its beginning for the port.
    throw Error(ErrorCode::usage,
                "the destination URL's port is not a number from 1 to 65535; special characters in a password are "
                "written as %XX");
  }
}

/// libpq looks at it only when it connects, and then rows would wait for what can never be.
void check_sslmode(const Conninfo& values) {
  constexpr std::array<std::string_view, 6> kModes = {"disable", "allow",     "prefer",
                                                      "require", "verify-ca", "verify-full"};
  const auto given = values.find("sslmode");
  if (given == values.end() || std::find(kModes.begin(), kModes.end(), given->second) != kModes.end()) return;
  throw Error(
      ErrorCode::usage,
      "sslmode is one of disable, allow, prefer, require, verify-ca, verify-full; what the destination's URL or "
      "PGSSLMODE says is none of them");
}

/// libpq reads these when it connects, or never, as connect_timeout here: no wait is as long as anybody meant.
void check_numbers(const Conninfo& given) {
  for (const char* name : {"connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval",
                           "keepalives_count", "tcp_user_timeout"}) {
    const auto found = given.find(name);
    if (found == given.end()) continue;
    const std::string& text = found->second;
    const auto first = std::min(text.find_first_not_of(" +"), text.size());
    int number = 0;
    const auto end = std::from_chars(text.data() + first, text.data() + text.size(), number);
    if (end.ec == std::errc() &&
        text.find_first_not_of(' ', static_cast<std::size_t>(end.ptr - text.data())) == std::string::npos)
      continue;
    throw Error(ErrorCode::usage, "the destination URL's " + std::string(name) + " is not a whole number");
  }
}

/// A file whose name a shell would have made another: libpq expands nothing, and mostly goes on without it, and so
/// without a password, or without having looked at the server's certificate.
void check_file(const std::string& path, const std::string& parameter, const std::string& variable, bool in_url) {
  std::error_code ignored;
  auto problem = unexpanded_problem(path, false);
  if (!problem) problem = stray_character_problem(path);
  if (!problem || std::filesystem::exists(path, ignored)) return;
  const std::string name = in_url ? "the destination URL's " + parameter : variable;
  throw Error(ErrorCode::usage, name + " " + *problem + " (libpq takes it as it stands, and there is no such file)");
}

void check_files(const Conninfo& values, const Conninfo& given) {
  struct File {
    const char *parameter, *variable, *without_effect, *when;
  };
  constexpr std::array<File, 6> kFiles = {{{"passfile", "PGPASSFILE", "password", ""},
                                           {"sslrootcert", "PGSSLROOTCERT", "sslmode", "disable"},
                                           {"sslcert", "PGSSLCERT", "sslmode", "disable"},
                                           {"sslkey", "PGSSLKEY", "sslmode", "disable"},
                                           {"sslcrl", "PGSSLCRL", "sslmode", "disable"},
                                           {"sslcrldir", "PGSSLCRLDIR", "sslmode", "disable"}}};

  for (const File& f : kFiles) {
    const auto path = values.find(f.parameter);
    if (path == values.end()) continue;
    const auto other = values.find(f.without_effect);
    if (other != values.end() && (*f.when == '\0' || other->second == f.when)) continue;
    check_file(path->second, f.parameter, f.variable, given.contains(f.parameter));
  }

  if (!values.contains("service")) return;
  const char* const file = std::getenv("PGSERVICEFILE");
  if (given.contains("servicefile")) check_file(given.at("servicefile"), "servicefile", "", true);
  if (file == nullptr || given.contains("servicefile")) return;
  check_file(file, "", "PGSERVICEFILE", false);

  // libpq looks for no other file then.
  if (::access(file, R_OK) != 0) {
    throw Error(ErrorCode::usage, "PGSERVICEFILE: " + printable(file) + ": " + std::generic_category().message(errno) +
                                      "; name the file that PGSERVICE's section is in");
  }
}

}  // namespace

std::string described_url(const std::string& url) {
  Conninfo values = default_conninfo();
  const std::string default_port = values["port"];
  const Conninfo given = parsed_url(url);
  for (const auto& [key, value] : given) values[key] = value;

  check_ports(values, given);
  check_sslmode(values);
  check_socket_name(values);
  check_numbers(given);
  check_files(values, given);

  const std::string user = values["user"];
  const std::string database = values.contains("dbname") ? values["dbname"] : user;
  std::string host = values.contains("host") ? values["host"] : values["hostaddr"];
  const std::string port = values["port"];
  if (given.contains("service") && host.empty()) return "postgresql://" + user + "@/?service=" + given.at("service");
  if (host.empty() || host.front() == '/' || host.front() == '@') {  // a folder of Unix sockets
    return "postgresql://" + user + "@/" + database + "?host=" + (host.empty() ? "local" : host) + "&port=" + port;
  }

  const std::vector<std::string> hosts = split_list(host);
  const std::vector<std::string> ports = split_list(port);
  std::string where;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const bool v6 = hosts[i].find(':') != std::string::npos;
    const std::string& own_port = ports[std::min(i, ports.size() - 1)];
    where += (i == 0 ? "" : ",") + (v6 ? "[" + hosts[i] + "]" : hosts[i]) + ":" +
             (own_port.empty() ? default_port : own_port);
  }
  return "postgresql://" + user + "@" + where + "/" + database;
}

}  // namespace forebay
