#pragma once

#include <map>
#include <string>

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

}  // namespace forebay
