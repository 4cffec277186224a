#include "sink/postgres/copy_encoder.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>

namespace forebay {
namespace {

using namespace std::string_literals;

TEST_CASE("values are encoded as PostgreSQL's binary COPY wants them") {
  const auto encoded = [](const Value& v, WireForm form) {
    std::string out;
    CopyEncoder(out).field(v, form);
    return out;
  };
  CHECK(encoded(Value(), WireForm::chars) == "\xff\xff\xff\xff"s);
  CHECK(encoded(Value::integer(-2), WireForm::int8) == "\0\0\0\x08\xff\xff\xff\xff\xff\xff\xff\xfe"s);
  CHECK(encoded(Value::real(1.0), WireForm::float8) == "\0\0\0\x08\x3f\xf0\0\0\0\0\0\0"s);
  CHECK(encoded(Value::boolean(true), WireForm::boolean) == "\0\0\0\x01\x01"s);
  CHECK(encoded(Value::text("a\\.\n"), WireForm::chars) ==
        "\0\0\0\x04"
        "a\\.\n"s);
  CHECK(encoded(Value::json("{}"), WireForm::jsonb) == "\0\0\0\x03\x01{}"s);
  CHECK(encoded(Value::timestamp(946'684'800'000'001), WireForm::timestamp) == "\0\0\0\x08\0\0\0\0\0\0\0\x01"s);
}

TEST_CASE("a time that PostgreSQL cannot hold never becomes its infinity") {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  CHECK(postgres_timestamp(kLeast) != kLeast);
  CHECK(postgres_timestamp(kLeast) < 0);
  CHECK(postgres_timestamp(kMost) != kMost);
  CHECK(postgres_timestamp(0) == -946'684'800'000'000);
}

TEST_CASE("array parameters keep nulls, quotes and backslashes apart") {
  ArrayText a;
  CHECK(a.take() == "{}");
  a.add(Value::text("NULL"));
  a.add(Value());
  a.add(Value::text("a\"b\\c,{}"));
  a.add(Value::bytes(std::string_view("\0\xff", 2)));
  a.add(Value::integer(-1));
  a.add(Value::boolean(false));
  a.add(Value::real(0.1));
  CHECK(a.take() == R"({"NULL",NULL,"a\"b\\c,{}","\\x00ff",-1,f,0.1})");
}

}  // namespace
}  // namespace forebay
