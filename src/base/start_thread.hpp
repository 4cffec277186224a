#pragma once

#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "forebay/error.hpp"

namespace forebay {

/// A std::thread for `purpose` ("to keep the journals"). Throws Error(local) when there is none to be had.
template <typename Run>
std::thread start_thread(const char* purpose, Run run) {
  try {
    return std::thread(std::move(run));
  } catch (const std::system_error& e) {
    throw Error(ErrorCode::local, std::string("cannot start a thread ") + purpose + ": " + e.code().message() +
                                      "; raise the limit on processes and threads (ulimit -u)");
  }
}

}  // namespace forebay
