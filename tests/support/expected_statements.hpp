#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/opengauss_stand_in.hpp"

// Pieces of tests/sink/postgres/opengauss-statements.sql, as scripts/opengauss-check.sh reads them.
namespace forebay::test {

/// What the statement that follows must answer, or one of `what` with | between: a command's tag or an SQLSTATE. The
/// script holds the report against these lines, so that none can be lost.
std::string expects(const std::string& what, const std::string& name);

/// A file for \copy: the script makes it in the folder where it runs the client.
std::string file_of_bytes(const std::string& name, std::string_view bytes);

/// The text of a COPY … FROM STDIN as psql runs it from a file.
std::string copied_from(const std::string& copy, const std::string& file);

/// What forebay said, to be said again by psql: parameters by PREPARE and EXECUTE, COPY from files, and each error
/// expected that there was. What only some releases have may be missing. `name`: of the checks, and of the files.
std::string said_again(const std::vector<Heard>& heard, const std::string& name);

}  // namespace forebay::test
