#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace forebay {

using Sha256 = std::array<std::uint8_t, 32>;

/// Throws Error(local) when OpenSSL cannot compute it (no memory, no provider).
Sha256 sha256(std::string_view bytes);
/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace forebay
