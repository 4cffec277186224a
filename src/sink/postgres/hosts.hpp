#pragma once

#include <map>
#include <string>
#include <vector>

namespace forebay {

/// libpq's connection parameters by keyword, without those that are empty.
using Conninfo = std::map<std::string, std::string>;

/// The parameters that a connection string gives. False, and why, where libpq cannot read it: what it says may quote a
/// password.
bool parse_conninfo(const std::string& text, Conninfo& given, std::string& why);
/// The same of libpq's environment variables and what it assumes by itself.
Conninfo default_conninfo();

/// Of the array that PQconninfoParse() or PQconndefaults() returns: an element has 56 bytes in PostgreSQL's libpq, and
/// 64 in openGauss's, which has one more member (libpq-fe.h of 6.0.0: valsize). One binary may be run with either.
Conninfo conninfo_values(const void* options);

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
