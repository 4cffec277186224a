#include "sink/postgres/hosts.hpp"

#include <catch2/catch.hpp>
#include <future>

#include "sink/postgres/connect.hpp"

using namespace forebay;
using namespace std::chrono_literals;

TEST_CASE("the servers of a connection string are told apart, and a list is searched for one that takes writes") {
  const auto list = hosts_of("postgresql://u@a:1,[::1]:2,10.0.0.1:3/d");
  REQUIRE(list.size() == 3);
  CHECK(list[0].host == "a");
  CHECK(list[0].port == "1");
  CHECK(list[1].host == "::1");
  CHECK(list[2].port == "3");
  CHECK(list[0].target_session_attrs == "read-write");
  CHECK(needs_lookup(list[0]));
  CHECK_FALSE(needs_lookup(list[1]));
  CHECK_FALSE(needs_lookup(list[2]));

  CHECK(hosts_of("postgresql://a,b/d?target_session_attrs=any&port=7")[1].port == "7");
  CHECK(hosts_of("postgresql://a,b/d?target_session_attrs=any")[0].target_session_attrs == "any");
  const auto one = hosts_of("postgresql://a/d");
  REQUIRE(one.size() == 1);
  CHECK(one[0].target_session_attrs.empty());
  CHECK_FALSE(needs_lookup(hosts_of("postgresql://u@/d?host=/run/x").at(0)));
  CHECK_FALSE(needs_lookup(hosts_of("postgresql://name/d?hostaddr=127.0.0.1").at(0)));
  CHECK(hosts_of("postgresql:///d?service=s").at(0).host.empty());
}

TEST_CASE("a resolver that does not answer is given up at the deadline, and not asked without end", "[threads]") {
  std::promise<void> answer;
  const auto answered = answer.get_future().share();
  const auto silent = [answered](const std::string&) {
    answered.wait();
    return NameLookup{{"127.0.0.1"}, ""};
  };
  const auto never = [] { return false; };
  for (int i = 0; i < kNameLookupsMax; ++i) {
    const NameLookup found = look_up_name("a", 20ms, never, silent);
    CHECK(found.addresses.empty());
    CHECK(found.error == "the resolver did not answer in time");
  }
  CHECK(look_up_name("a", 20ms, never, silent).error == "earlier look-ups are not answered yet");
  answer.set_value();
  // As soon as they have ended, names are looked up again.
  NameLookup found;
  for (const auto start = std::chrono::steady_clock::now();
       found.addresses.empty() && std::chrono::steady_clock::now() - start < 10s;) {
    found = look_up_name("a", 10s, never, silent);
  }
  CHECK(found.addresses == std::vector<std::string>{"127.0.0.1"});
}

TEST_CASE("localhost has addresses, and a name that cannot be has the resolver's reason") {
  CHECK_FALSE(resolve_name("localhost").addresses.empty());
  const NameLookup none = resolve_name("no-such-host.invalid");
  CHECK(none.addresses.empty());
  CHECK_FALSE(none.error.empty());
}
