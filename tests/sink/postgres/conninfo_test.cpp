#include <libpq-fe.h>

#include <array>
#include <catch2/catch.hpp>

#include "sink/postgres/hosts.hpp"

namespace forebay {
namespace {

// libpq-fe.h of openGauss 6.0.0.
struct OpenGaussOption {
  PQconninfoOption as_in_postgres;
  std::size_t valsize;
};

PQconninfoOption option(const char* keyword, const char* value) {
  PQconninfoOption o = {};
  o.keyword = const_cast<char*>(keyword);
  o.envvar = const_cast<char*>("PGSOMETHING");
  o.val = const_cast<char*>(value);
  return o;
}

TEST_CASE("connection parameters are read from PostgreSQL's libpq and from openGauss's, whose elements are larger") {
  const Conninfo wanted = {{"host", "h"}, {"user", "u"}};
  for (const char* first : {static_cast<const char*>(nullptr), "", "a first value"}) {
    CAPTURE(first);
    Conninfo all = wanted;
    if (first != nullptr && *first != '\0') all["service"] = first;
    const std::array<PQconninfoOption, 5> postgres = {option("service", first), option("host", "h"),
                                                      option("port", nullptr), option("user", "u"),
                                                      option(nullptr, nullptr)};
    CHECK(conninfo_values(postgres.data()) == all);
    std::array<OpenGaussOption, 5> opengauss = {};
    for (std::size_t i = 0; i < postgres.size(); ++i) {
      const char* value = postgres.at(i).val;
      opengauss.at(i) = {postgres.at(i), value != nullptr ? std::string_view(value).size() : 0};
    }
    CHECK(conninfo_values(opengauss.data()) == all);
  }
  CHECK(conninfo_values(nullptr).empty());
}

TEST_CASE("a connection string that cannot be read gives no parameters, and says why") {
  Conninfo given;
  std::string why;
  CHECK(parse_conninfo("postgresql://u@h:5432/d?sslmode=", given, why));
  CHECK(given == Conninfo{{"dbname", "d"}, {"host", "h"}, {"port", "5432"}, {"user", "u"}});
  CHECK_FALSE(parse_conninfo("postgresql://u@h?nonsense=1", given, why));
  CHECK(given.empty());
  CHECK_THAT(why, Catch::Contains("nonsense"));
}

}  // namespace
}  // namespace forebay
