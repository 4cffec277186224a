#include "support/opengauss_values.hpp"

#include <algorithm>
#include <memory>

namespace forebay::test {
namespace {

constexpr std::uint32_t kNullSize = 0xffffffff;

int short_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::int16_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                                   static_cast<unsigned char>(bytes[at + 1]));
}

/// Binary COPY's rows with '' made NULL, piece by piece.
class BinaryRows {
 public:
  std::string next(std::string_view bytes) {
    held_ += bytes;
    std::string out;
    for (;;) {
      const std::size_t ready = next_item();
      if (ready == 0 || held_.size() < ready) return out;
      if (header_) {
        header_ = false;
      } else if (fields_ == 0) {
        fields_ = short_at(held_, 0);
      } else {
        --fields_;
        if (number_at(held_, 0) == 0) held_.replace(0, 4, number(kNullSize));
      }
      out += held_.substr(0, ready);
      held_.erase(0, ready);
    }
  }

 private:
  /// Bytes of the next header, count of fields or field; 0: not to be told yet.
  std::size_t next_item() const {
    if (header_) return 19;
    if (fields_ <= 0) return 2;
    if (held_.size() < 4) return 0;
    const std::uint32_t size = number_at(held_, 0);
    return size == kNullSize ? 4 : 4 + size;
  }

  std::string held_;
  bool header_ = true;
  int fields_ = 0;
};

/// The same of text COPY.
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

/// {"",x} → {NULL,x}; what is no array comes back as it is.
std::string array_without_empty(const std::string& text) {
  if (!text.starts_with('{') || !text.ends_with('}')) return text;
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!quoted && text.compare(i, 2, "\"\"") == 0) {
      out += "NULL";
      ++i;
      continue;
    }
    out += text[i];
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '\\' && i + 1 < text.size()) out += text[++i];
  }
  return out;
}

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
  if (sql.find("(FORMAT 'binary')") == std::string::npos)
    return [rows = TextRows()](std::string_view bytes) mutable { return rows.next(bytes); };
  if (!release.empty_is_null_in_binary) return nullptr;
  return [rows = BinaryRows()](std::string_view bytes) mutable { return rows.next(bytes); };
}

std::string bound_without_empty(const std::string& body) {
  std::size_t at = body.find('\0', body.find('\0') + 1) + 1;
  const auto formats = static_cast<std::size_t>(short_at(body, at));
  const std::size_t first_format = at + 2;
  at = first_format + 2 * formats;
  const auto values = static_cast<std::size_t>(short_at(body, at));
  at += 2;
  std::string out = body.substr(0, at);
  for (std::size_t i = 0; i < values; ++i) {
    const std::uint32_t size = number_at(body, at);
    at += 4;
    const std::size_t bytes = size == kNullSize ? 0 : size;
    const std::string value = body.substr(at, bytes);
    at += bytes;
    const bool binary = formats > 0 && short_at(body, first_format + 2 * std::min(i, formats - 1)) == 1;
    const std::string kept = binary || bytes == 0 ? value : array_without_empty(value);
    out += bytes == 0 && !binary ? number(kNullSize)
                                 : number(size == kNullSize ? kNullSize : static_cast<std::uint32_t>(kept.size()));
    out += kept;
  }
  return out + body.substr(at);
}

}  // namespace forebay::test
