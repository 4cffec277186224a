#pragma once

#include <unistd.h>

#include <csignal>
#include <string_view>

#include "base/crash_point.hpp"

namespace forebay::test {

/// From now on this process ends, as by kill -9, when it passes that crash point for the nth time.
inline void die_at(const char* point, int nth = 1) {
  static const char* deadly = "";
  static int left = 0;
  deadly = point;
  left = nth;
  crash_point_hook.store([](const char* passed) {
    if (std::string_view(passed) == deadly && --left == 0) ::kill(::getpid(), SIGKILL);
  });
}

}  // namespace forebay::test
