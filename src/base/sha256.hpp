#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace forebay {

using Sha256 = std::array<std::uint8_t, 32>;

/// Throws Error(local) when OpenSSL cannot compute it (no memory, no provider).
Sha256 sha256(std::string_view bytes);
/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);
std::string hex(const Sha256& digest);

/// SHA-256 of what comes in pieces. Copying one keeps a place to come back to. Throws as sha256() does.
class Sha256Stream {
 public:
  Sha256Stream();
  Sha256Stream(const Sha256Stream& other);
  Sha256Stream& operator=(const Sha256Stream& other);
  Sha256Stream(Sha256Stream&&) noexcept = default;
  Sha256Stream& operator=(Sha256Stream&&) noexcept = default;
  ~Sha256Stream() = default;

  void add(std::string_view bytes);
  /// Of all that was added so far; more may be added.
  Sha256 digest() const;

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

}  // namespace forebay
