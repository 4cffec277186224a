#include <catch2/catch.hpp>

#include "config/setting_value.hpp"

namespace forebay {
namespace {

using Catch::Contains;

std::string problem(std::string_view text, bool dollar_is_meant = false) {
  return path_problem(text, dollar_is_meant).value_or("(taken)");
}

TEST_CASE("a path that another program would have expanded is refused with what it holds") {
  CHECK_THAT(problem("~/state"), Contains("begins with ~"));
  for (const char* text : {"$HOME/state", "/srv/$USER", "/srv/$_x"}) CHECK_THAT(problem(text), Contains("holds $NAME"));
  CHECK_THAT(problem("${HOME}/state"), Contains("holds ${…}"));
  CHECK_THAT(problem("/srv/$(hostname)"), Contains("holds $(…)"));
  CHECK_THAT(problem("/srv/{{ name }}"), Contains("holds {{…}}"));
  CHECK_THAT(problem("%h/state"), Contains("holds %h"));
  // A $ that cannot be a name, or that was said to be one.
  for (const char* text : {"/mnt/c$", "/mnt/c$/state", "/srv/$1", "/srv/100%/x"}) CHECK(problem(text) == "(taken)");
  CHECK(problem("/srv/$HOME", true) == "(taken)");
}

TEST_CASE("a path with quotes, blanks, line breaks or unseen characters around it is refused") {
  for (const char* text :
       {"\"/srv/x\"", "'/srv/x'", "“/srv/x”", "‘/srv/x’", "«/srv/x»", "„/srv/x“", "`/srv/x`", "\"/x", "/srv/x'"}) {
    CAPTURE(text);
    CHECK_THAT(problem(text), Contains("a quote"));
  }
  for (const char* text : {" /srv/x", "/srv/x ", "\u3000/srv/x", "/srv/x\u2003"}) {
    CAPTURE(text);
    CHECK_THAT(problem(text), Contains("a blank"));
  }
  for (const char* text : {"/srv/x\n", "/srv/x\r", "/srv\n/x", "/srv/x\u2028/y", "/srv/x\u0085", "/srv/x\v"}) {
    CAPTURE(text);
    CHECK_THAT(problem(text), Contains("a line break"));
  }
  for (const char* text : {"/srv/x\t", "/srv/\x1b[2J", "/srv/x\x7f"}) CHECK_THAT(problem(text), Contains("control"));
  for (const char* text : {"\u00A0/srv/x", "/srv/a\u00A0b", "\u200B/srv/x", "\uFEFF/srv/x", "/srv/\u202Ex",
                           "/srv/\u061Cx", "/srv/x\uFFF9", "/srv/x\U000E0041"}) {
    CAPTURE(text);
    CHECK_THAT(problem(text), Contains("not seen (U+"));
  }
  CHECK_THAT(problem("\u00A0/srv/x"), Contains("U+00A0"));
}

TEST_CASE("a path that is a URL, a password, a drive or another setting as well is refused") {
  for (const char* text : {"postgresql://u:canary@h/db", "host=h password=canary", "/srv/x?PASSWORD=canary",
                           "file:///srv/x", "/srv/x postgresql://u:canary@h/db"}) {
    CAPTURE(text);
    CHECK_THAT(problem(text), Contains("not a URL or a password") && !Contains("canary"));
  }
  for (const char* text : {"sqlite:/srv/x", "file:/srv/x"}) CHECK_THAT(problem(text), Contains("must be a path"));
  for (const char* text : {"C:\\forebay", "c:/forebay", "\\\\host\\share"}) {
    CHECK_THAT(problem(text), Contains("a path of this system"));
  }
  CHECK_THAT(problem("/srv/x DATABASE_URL=sqlite:/y"), Contains("holds DATABASE_URL= as well"));
  CHECK_THAT(problem(std::string(5000, 'x')), Contains("4095 bytes"));
}

TEST_CASE("a path that may well be meant is taken, whatever bytes it has") {
  for (const char* text : {"/srv/x",
                           "relative/x",
                           "./~x",
                           "/srv/a b",
                           "/srv/bob's data/x",
                           "/srv/\"odd\" name/x",
                           "/srv/été",
                           "/srv/日本　語/x",
                           "/srv/caf\xe9",
                           "/srv/compass/a=b",
                           "/srv/day=1/x",
                           "/srv/a:b",
                           "/srv/nai\u0308ve",
                           "/srv/\u0645\u06cc\u200c\u0634\u0648\u062f",
                           "/srv/\u182E\u1823\u1828\u182D\u1823\u180E\u182F",
                           "/srv/\u845B\U000E0100",
                           "/",
                           ".",
                           "..",
                           "/srv/x/"}) {
    CAPTURE(text);
    CHECK(problem(text) == "(taken)");
  }
}

}  // namespace
}  // namespace forebay
