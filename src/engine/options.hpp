#pragma once

#include "forebay/options.hpp"

namespace forebay {

/// The callback behind a mutex, so that it is called by one thread at a time; spdlog on stderr when it is empty.
LogCallback one_at_a_time(LogCallback callback);

}  // namespace forebay
