#include "base/sha256.hpp"

#include <openssl/evp.h>

#include "base/text.hpp"
#include "forebay/error.hpp"

namespace forebay {

namespace {

[[noreturn]] void fail() {
  throw Error(ErrorCode::local, "cannot compute SHA-256: OpenSSL's default provider is missing or out of memory");
}

EVP_MD_CTX* context_of(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

Sha256 sha256(std::string_view bytes) {
  Sha256 digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) fail();
  return digest;
}

std::string hex(const Sha256& digest) {
  std::string text;
  text.reserve(2 * digest.size());
  for (const std::uint8_t byte : digest) append_hex(text, static_cast<char>(byte));
  return text;
}

std::string sha256_hex(std::string_view bytes) { return hex(sha256(bytes)); }

void Sha256Stream::Free::operator()(void* context) const { EVP_MD_CTX_free(context_of(context)); }

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_of(context_.get()), EVP_sha256(), nullptr) != 1) fail();
}

Sha256Stream::Sha256Stream(const Sha256Stream& other) : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_MD_CTX_copy_ex(context_of(context_.get()), context_of(other.context_.get())) != 1) fail();
}

Sha256Stream& Sha256Stream::operator=(const Sha256Stream& other) {
  if (this != &other) *this = Sha256Stream(other);
  return *this;
}

void Sha256Stream::add(std::string_view bytes) {
  if (EVP_DigestUpdate(context_of(context_.get()), bytes.data(), bytes.size()) != 1) fail();
}

Sha256 Sha256Stream::digest() const {
  const Sha256Stream copy(*this);  // finishing ends a context
  Sha256 digest{};
  if (EVP_DigestFinal_ex(context_of(copy.context_.get()), digest.data(), nullptr) != 1) fail();
  return digest;
}

}  // namespace forebay
