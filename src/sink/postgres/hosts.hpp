#pragma once

#include <string>
#include <vector>

namespace forebay {

/// One server of a connection string, in libpq's parameters; what is empty is left as the string has it.
struct PostgresHost {
  std::string host;
  std::string hostaddr;
  std::string port;
  std::string target_session_attrs;
};

/// The servers that a connection string and libpq's variables name, in order, to be tried one by one: only so has each
/// a deadline of its own. A list of several is searched for one that takes writes, unless target_session_attrs says
/// what else is wanted. A single entry with nothing in it: as libpq reads the string (a service named in it, a list
/// that libpq will refuse).
std::vector<PostgresHost> hosts_of(const std::string& url);

/// The entries of a list as libpq has them: "a,,b" is three.
std::vector<std::string> split_list(const std::string& list);

/// Whether the host's name has to be looked up.
bool needs_lookup(const PostgresHost& host);

}  // namespace forebay
