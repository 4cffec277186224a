#pragma once

#include <cstdint>
#include <string_view>

#include "sink/sink.hpp"

namespace forebay {

/// Who reported an error, where its SQLSTATE does not tell: known by the function in the server's sources, which comes
/// with each error and which neither the server's language nor code of a table's own can change.
enum class Reporter : std::uint8_t {
  server,            ///< the SQLSTATE says what it is
  raised,            ///< code that somebody gave the database (RAISE, ASSERT): the SQLSTATE is what its author chose
  policy,            ///< row-level security, of one row; a missing grant has the same SQLSTATE
  transaction_ids,   ///< wraparound is near: no transaction gets an ID
  replica_identity,  ///< a published table whose updates could not be told to subscribers
  temporary_files    ///< temp_file_limit, of the role
};
Reporter reporter_of(std::string_view function) noexcept;

/// What such an error spoils, where its SQLSTATE does not count, and how it is mended. `server` is not asked for.
FailureClass failure_class(Reporter reporter) noexcept;
std::string_view cure_of(Reporter reporter) noexcept;

}  // namespace forebay
