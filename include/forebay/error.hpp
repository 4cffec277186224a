#pragma once

#include <stdexcept>
#include <string>

namespace forebay {

/// What kind of thing went wrong, and so who can mend it.
enum class ErrorCode {
  usage,         ///< an argument or setting that cannot be meant; nothing was started
  destination,   ///< the destination is away, refuses the login, or does not fit
  local,         ///< disk, permissions, memory on this machine
  damaged,       ///< a file of ours does not read back as it was written
  full,          ///< a limit is reached and the policy is to fail
  stopped,       ///< the Buffer or Writer is stopped, or this is a forked child
  not_built_yet  ///< named in the documentation, not in this release
};

/// Root of every exception that forebay throws. what() is one line: what failed, on what, why, what to do.
/// It never holds a password, a connection string or a row's content.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string sqlstate = {})
      : std::runtime_error(message), code_(code), sqlstate_(std::move(sqlstate)) {}

  ErrorCode code() const noexcept { return code_; }
  /// Five characters when a server named one, else empty.
  const std::string& sqlstate() const noexcept { return sqlstate_; }

 private:
  ErrorCode code_;
  std::string sqlstate_;
};

}  // namespace forebay
