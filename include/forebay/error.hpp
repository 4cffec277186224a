#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "forebay/export.hpp"

namespace forebay {

/// What kind of thing went wrong, and so who can fix it.
enum class ErrorCode {
  usage,         ///< an argument, option or setting is invalid; nothing was started
  destination,   ///< the destination is down, refuses the login, or its tables do not fit
  local,         ///< disk, permissions or memory of this machine
  damaged,       ///< a file that forebay wrote does not read back as it was written
  full,          ///< a limit is reached, and FullPolicy is `fail`
  stopped,       ///< the Buffer is stopped, or this is a forked child of the process that made it
  not_built_yet  ///< documented, and not part of this release
};
[[nodiscard]] FOREBAY_EXPORT std::string_view to_string(ErrorCode code) noexcept;

/// The base of every exception that forebay throws. what() is one line: what failed, on what, why, and what to do next.
/// It never contains a password, a connection string or a row's content.
class FOREBAY_EXPORT Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string sqlstate = {})
      : std::runtime_error(message), code_(code), sqlstate_(std::move(sqlstate)) {}

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  /// The five characters of the SQLSTATE, if a server reported one; else empty.
  [[nodiscard]] const std::string& sqlstate() const noexcept { return sqlstate_; }

 private:
  ErrorCode code_;
  std::string sqlstate_;
};

}  // namespace forebay
