#include "support/opengauss_values.hpp"

#include <algorithm>
#include <memory>

namespace forebay::test {
namespace {

/// Text COPY's rows with '' made NULL, piece by piece.
class TextRows {
 public:
  std::string next(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
      const bool ends = !escaped_ && (c == '\t' || c == '\n');
      if (ends && at_begin_) out += "\\N";
      at_begin_ = ends;
      escaped_ = !escaped_ && c == '\\';
      out += c;
    }
    return out;
  }

 private:
  bool at_begin_ = true;
  bool escaped_ = false;
};

}  // namespace

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t n = 0;
  for (std::size_t i = 0; i < 4; ++i) n = n << 8 | static_cast<unsigned char>(bytes[at + i]);
  return n;
}

std::string number(std::uint32_t n) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(n >> shift);
  return bytes;
}

std::function<std::string(std::string_view)> copied_values(const std::string& sql, const OpenGaussRelease& release) {
  if (!release.empty_is_null()) return nullptr;
  if (sql.find("(FORMAT 'binary')") != std::string::npos) return nullptr;
  return [rows = TextRows()](std::string_view bytes) mutable { return rows.next(bytes); };
}

}  // namespace forebay::test
