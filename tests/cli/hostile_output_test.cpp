// What a server, a set's name or a URL brings into output cannot steer the terminal that shows it.

#include <catch2/catch.hpp>

#include "sink/contract.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

// Blinking by 7-bit and by 8-bit escape, a line of its own, right to left, a tag.
constexpr const char* kHostile =
    "a\x1b[5mb\xC2\x9B"
    "5mc\nforged line\rd\xE2\x80\xAE"
    "e\xF3\xA0\x81\x81\x7f";

/// Every line is text that a terminal only shows; progress and colours were switched off.
void check_harmless(const std::string& output) {
  CAPTURE(output);
  for (const char* bytes : {"\x1b", "\xC2\x9B", "\r", "\xE2\x80\xAE", "\xF3\xA0\x81\x81", "\x7f", "\nforged"})
    CHECK_FALSE(says(output, bytes));
}

TEST_CASE("a server's message, a set's name and a URL are shown escaped, as text and as JSON", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  // The server says that a table is missing, which is no row's fault.
  fixture.destination()->migrate_up();
  fixture.exec(std::string("CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO \"no ") +
               kHostile +
               "\" VALUES (1); RETURN NEW; END $$; CREATE TRIGGER note BEFORE INSERT ON backup_sets FOR EACH ROW "
               "EXECUTE FUNCTION "
               "note()");
  const ScanSite site(fixture.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}, {"NO_COLOR", "1"}});
  const Tree tree;
  tree.file("x");
  const auto text = site.run({"scan", tree.path(), "--set", kHostile, "--progress", "never"});
  CHECK(text.status == 3);
  CHECK(says(text.err, "no a\\x1B[5mb"));
  CHECK(says(text.out, "backup set  a\\x1B[5mb\\u{9B}5mc\\nforged line\\rd\\u{202E}e"));
  const auto json = site.run({"--log-format", "json", "scan", tree.path(), "--set", kHostile, "--json"});
  CHECK(says(json.err, "no a\\\\x1B[5mb"));
  CHECK(summary_of(json).at("backup_set") == kHostile);  // whoever parses it gets what was given
  for (const auto* result : {&text, &json}) {
    check_harmless(result->err);
    check_harmless(result->out);
  }
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"status"}, {"status", "--json"}, {"checkpoint", "create"}, {"checkpoint", "list"}, {"recover", "--json"}}) {
    const auto result = site.run(command);
    check_harmless(result.out);
    check_harmless(result.err);
  }
}

TEST_CASE("a user's name that would steer a terminal is shown escaped wherever the destination is named", "[threads]") {
  ScanSite site("postgresql://a%1B%5B5mb%C2%9B5mc%0Aforged%0Dd%E2%80%AEe%F3%A0%81%81%7F@127.0.0.1:1/db",
                {{"SYNC_DRAIN_TIMEOUT", "1"}, {"NO_COLOR", "1"}});
  const Tree tree;
  tree.file("x");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"scan", tree.path(), "--progress", "never"},
                                             {"status"},
                                             {"status", "--json"},
                                             {"recover", "--json"},
                                             {"config", "show"},
                                             {"config", "check"},
                                             {"config", "check", "--json"},
                                             {"migrate", "status"}}) {
    CAPTURE(command);
    const auto result = site.run(command);
    check_harmless(result.out);
    check_harmless(result.err);
    CHECK(says(result.out + result.err, "127.0.0.1"));
  }
}

}  // namespace
}  // namespace forebay::test
