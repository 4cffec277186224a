#include "sink/postgres/conninfo.hpp"

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace forebay {
namespace {

constexpr std::size_t kPostgresSize = 56;
constexpr std::size_t kOpenGaussSize = 64;
static_assert(offsetof(PQconninfoOption, keyword) == 0 && offsetof(PQconninfoOption, dispsize) + 8 == kPostgresSize);

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

/// What stands behind the first element's 56 bytes: the next one's keyword, an address, or the length of the first
/// one's value. No address is as small as a length.
std::size_t element_size(const char* options) {
  constexpr std::uintptr_t kLengthMax = 65'535;
  std::uintptr_t behind = 0;
  std::memcpy(&behind, options + kPostgresSize, sizeof behind);
  return behind <= kLengthMax ? kOpenGaussSize : kPostgresSize;
}

}  // namespace

Conninfo conninfo_values(const void* options) {
  Conninfo values;
  if (options == nullptr) return values;
  const char* at = static_cast<const char*>(options);
  const std::size_t size = element_size(at);
  const auto member = [&](std::size_t offset) {
    const char* text = nullptr;
    std::memcpy(&text, at + offset, sizeof text);
    return text;
  };
  for (const char* keyword = nullptr; (keyword = member(offsetof(PQconninfoOption, keyword))) != nullptr; at += size) {
    const char* value = member(offsetof(PQconninfoOption, val));
    if (value != nullptr && *value != '\0') values[keyword] = value;
  }
  return values;
}

bool parse_conninfo(const std::string& text, Conninfo& given, std::string& why) {
  char* error = nullptr;
  const Options options(PQconninfoParse(text.c_str(), &error), &PQconninfoFree);
  if (options == nullptr) why = error != nullptr ? error : "no memory";
  PQfreemem(error);
  given = conninfo_values(options.get());
  return options != nullptr;
}

Conninfo default_conninfo() { return conninfo_values(Options(PQconndefaults(), &PQconninfoFree).get()); }

}  // namespace forebay
