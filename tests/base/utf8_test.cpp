#include <iconv.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "base/text.hpp"

namespace {

// glibc's converter is the independent judge: it refuses overlong forms, surrogates and what lies above U+10FFFF.
class Judge {
 public:
  Judge() : converter_(iconv_open("UTF-32LE", "UTF-8")) { REQUIRE(converter_ != iconv_t(-1)); }
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;
  ~Judge() { iconv_close(converter_); }

  bool valid(std::string bytes) {
    iconv(converter_, nullptr, nullptr, nullptr, nullptr);
    std::array<char, 256> out{};
    char* in_at = bytes.data();
    char* out_at = out.data();
    std::size_t in_left = bytes.size(), out_left = out.size();
    return iconv(converter_, &in_at, &in_left, &out_at, &out_left) != std::size_t(-1) && in_left == 0;
  }

 private:
  iconv_t converter_;
};

std::string bytes(std::initializer_list<int> values) {
  std::string s;
  for (const int v : values) s += static_cast<char>(v);
  return s;
}

}  // namespace

TEST_CASE("UTF-8 text is judged as iconv judges it, at every place of a word") {
  Judge judge;
  std::size_t wrong = 0, valid = 0;
  const auto compare = [&](const std::string& s) {
    const bool expected = judge.valid(s);
    valid += expected;
    // Alone, and behind five bytes, where the eight-byte steps meet it.
    if (forebay::is_utf8_text(s) != expected ||
        forebay::is_utf8_text("abcde" + s + "fghij") != judge.valid("abcde" + s + "fghij")) {
      if (++wrong < 5) UNSCOPED_INFO("judged otherwise: " << forebay::printable(s));
    }
  };
  for (int a = 1; a < 256; ++a) {
    compare(bytes({a}));
    for (int b = 1; b < 256; ++b) compare(bytes({a, b}));
  }
  for (int a = 0xE0; a < 0xF0; ++a) {
    for (int b = 1; b < 256; ++b) {
      for (const int c : {0x01, 0x7F, 0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF}) compare(bytes({a, b, c}));
    }
  }
  for (int a = 0xF0; a < 0x100; ++a) {
    for (int b = 1; b < 256; ++b) {
      for (const int c : {0x7F, 0x80, 0xBF, 0xC0}) {
        for (const int d : {0x7F, 0x80, 0xBF, 0xC0}) compare(bytes({a, b, c, d}));
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(valid > 20'000);
}

TEST_CASE("NUL is not text, wherever it stands") {
  for (std::size_t i = 0; i < 20; ++i) {
    std::string s(20, 'x');
    CHECK(forebay::is_utf8_text(s));
    s[i] = '\0';
    CHECK_FALSE(forebay::is_utf8_text(s));
  }
}

TEST_CASE("plain ASCII is exactly what is printable, without the backslash") {
  for (int c = 0; c < 256; ++c) {
    const bool plain = c >= 0x20 && c <= 0x7E && c != '\\';
    for (std::size_t i = 0; i < 20; ++i) {
      std::string s(20, '~');
      s[i] = static_cast<char>(c);
      if (forebay::is_plain_ascii(s) != plain) FAIL("byte " << c << " at " << i);
    }
  }
  CHECK(forebay::is_plain_ascii(""));
}

TEST_CASE("a prefix ends between characters") {
  const std::string s = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";  // 1, 2, 3 and 4 bytes
  const std::array<std::size_t, 11> sizes = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
  for (std::size_t most = 0; most < sizes.size(); ++most) CHECK(forebay::utf8_prefix(s, most).size() == sizes[most]);
}
