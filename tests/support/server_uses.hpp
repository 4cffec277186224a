#pragma once

#include <atomic>
#include <cstddef>

namespace forebay::test {

/// How often this program's cases took a PostgreSQL so far, by whatever class: each of these counts itself.
inline std::atomic<std::size_t> g_server_uses{0};

}  // namespace forebay::test
