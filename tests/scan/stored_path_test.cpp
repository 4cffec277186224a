#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <string>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "forebay/error.hpp"
#include "forebay/file_record.hpp"

using namespace forebay;

TEST_CASE("a path that is UTF-8 is stored as it is") {
  for (const std::string path : {"/", "/tmp/a b", "/tmp/50%", "/tmp/%41", "/日本/é", "/a\nb\t\\.'\"", "/-rf"}) {
    CHECK(stored_path(path) == path);
    CHECK(path_bytes(path) == path);
  }
}

TEST_CASE("a path that is not UTF-8 is stored readably and comes back") {
  CHECK(stored_path("/tmp/caf\xE9") == "%/tmp/caf%E9");
  CHECK(stored_path("/50%/\xFF\xC3\xA9") == "%/50%25/%FF\xC3\xA9");
  CHECK(stored_path("/\xED\xA0\x80") == "%/%ED%A0%80");
  CHECK(stored_name("caf\xE9") == "%/caf%E9");
  CHECK(path_bytes("%/tmp/caf%E9") == "/tmp/caf\xE9");
  CHECK(name_bytes("%/caf%E9") == "caf\xE9");
}

TEST_CASE("text that looks encoded is encoded, so that nothing clashes") {
  CHECK(stored_path("%/tmp") == "%%25/tmp");
  CHECK(path_bytes("%%25/tmp") == "%/tmp");
  CHECK(stored_name("%41") == "%41");  // a possible name: only "%/" marks an encoded one
  CHECK(stored_name("%/x") == "%/%25/x");
  CHECK(name_bytes("%/%25/x") == "%/x");
  CHECK(stored_name(std::string("a\0b", 3)) == "%/a%00b");
}

TEST_CASE("text that was never stored is refused") {
  const std::string key = path_key("/" + std::string(3000, 'a'));
  for (const std::string& text :
       {std::string("%/tmp"), std::string("%/%E"), std::string("%/%e9"), std::string("%/%G0"), std::string("%/%41%FF"),
        std::string("/\xFF"), std::string("%/%C3%A9"), std::string("%"), key}) {
    INFO(text);
    CHECK_THROWS_AS(path_bytes(text), Error);
  }
  CHECK_THROWS_AS(name_bytes("%/abc"), Error);
  CHECK_THROWS_AS(name_bytes("\xFF"), Error);
  CHECK_THROWS_WITH(
      path_bytes("%/\xC3\xA9%E9%4"),
      "not a stored path: the '%' at byte 7 lacks its two upper-case hexadecimal digits; its form: docs/paths.md");
}

TEST_CASE("random bytes come back, and no two are stored alike") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  // Few and telling bytes, so that clashes would be met.
  const std::string alphabet("%/25FEa\xC3\xA9\xED\xA0\xE2\x80\xFF\0\n", 17);
  std::set<std::string> originals, paths, names;
  for (int i = 0; i < 100'000; ++i) {
    std::string s;
    for (auto left = random() % 7; left > 0; --left) s += alphabet[random() % alphabet.size()];
    if (i % 2 == 0) s.insert(0, "/");
    originals.insert(s);
    const std::string path = stored_path(s), name = stored_name(s);
    REQUIRE(is_utf8_text(path));
    REQUIRE(is_utf8_text(name));
    REQUIRE(path_bytes(path) == s);
    REQUIRE(name_bytes(name) == s);
    if (is_utf8_text(s) && s.starts_with('/')) REQUIRE(path == s);
    paths.insert(path);
    names.insert(name);
  }
  CHECK(paths.size() == originals.size());
  CHECK(names.size() == originals.size());
}

TEST_CASE("a key is the path itself up to 2,000 bytes") {
  const std::string fits = "/" + std::string(1999, 'a');
  CHECK(path_key(fits) == fits);
  const std::string longer = fits + "a";
  CHECK(path_key(longer) == longer.substr(0, 1934) + "//" + sha256_hex(longer));
  CHECK(path_key(longer).size() == 2000);
}

TEST_CASE("a key's prefix ends between characters") {
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string path = "/" + std::string(shift, 'a');
    for (int i = 0; i < 600; ++i) path += "😀";
    const std::string key = path_key(path);
    CHECK(is_utf8_text(key));
    CHECK(key.size() <= 2000);
    CHECK(key.size() > 1996);
  }
}

TEST_CASE("two paths of 4,000 bytes alike in their first 3,000 have different keys") {
  std::string one = "/" + std::string(3999, 'x'), two = one;
  two[3500] = 'y';
  CHECK(path_key(one) != path_key(two));
  CHECK(path_key(one).substr(0, 1934) == path_key(two).substr(0, 1934));
}

TEST_CASE("a backup set's number is 53 bits of its name's SHA-256") {
  // ba7816bf8f01cf ea…: the first 64 bits, shifted right by 11
  CHECK(backup_set_id("abc") == static_cast<std::int64_t>(0xba7816bf8f01cfeaULL >> 11));
  CHECK(backup_set_id("nightly") < (std::int64_t{1} << 53));
  CHECK(backup_set_id("nightly") != backup_set_id("nightly2"));
}
