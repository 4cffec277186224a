#include "config/setting_table.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <set>

#include "config/env_init.hpp"
#include "support/places.hpp"

namespace forebay {
namespace {

std::string source_file(const std::string& name) {
  std::ifstream file(test::source_directory() + "/" + name, std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The lines that docs/settings.md must have for a setting, after its meaning.
std::string facts(const Setting& s) {
  const std::string given =
      s.default_text.empty() ? std::string(s.default_note) : "`" + std::string(s.default_text) + "`";
  return "- Default: " + given + "\n- Allowed: " + allowed_values(s) + "\n- Example: `" + std::string(s.name) + "=" +
         std::string(s.example) + "`\n" + (s.not_built ? "- Not in this release: refused when set\n" : "");
}

TEST_CASE("each setting has one section in docs/settings.md, with the table's own facts, and no other is there") {
  const std::string text = source_file("docs/settings.md");
  std::set<std::string> documented;
  for (std::size_t at = text.find("\n### "); at != std::string::npos; at = text.find("\n### ", at + 1)) {
    const std::size_t begin = at + 5;
    const std::string name = text.substr(begin, text.find('\n', begin) - begin);
    CAPTURE(name);
    CHECK(documented.insert(name).second);
    const Setting* setting = find_setting(name);
    REQUIRE(setting != nullptr);
    const std::size_t end = std::min(text.find("\n#", begin), text.size());
    const std::string section = text.substr(begin, end - begin) + "\n";
    CAPTURE(section, facts(*setting));
    CHECK(section.find("\n\n" + facts(*setting)) != std::string::npos);
    // The meaning is more than the facts: a sentence at least.
    CHECK(section.find('.') < section.find("\n- Default"));
  }
  CHECK(documented.size() == all_settings().size());
}

TEST_CASE(".env.example is what config init writes") {
  // After a change: `forebay --env .env.example config init` in an empty place, and copy it here.
  CHECK(source_file(".env.example") == env_template(Profile::ordinary));
}

TEST_CASE("defaults, examples and profiles of the table are values it would take") {
  std::set<std::string_view> names;
  for (const Setting& s : all_settings()) {
    CAPTURE(s.name);
    CHECK(names.insert(s.name).second);
    CHECK_FALSE(s.help.empty());
    CHECK((s.default_text.empty() != s.default_note.empty()));
    for (const std::string_view text : {s.default_text, s.example, s.strong, s.ordinary, s.small}) {
      if (!text.empty()) CHECK(std::holds_alternative<ParsedValue>(parse_value(s, text)));
    }
    // Where sizing matters, ordinary is the default: a bare `config init` changes nothing.
    if (!s.ordinary.empty()) CHECK(s.ordinary == s.default_text);
  }
}

TEST_CASE("docs/settings.md has the values of each profile, and no others") {
  const std::string text = source_file("docs/settings.md");
  const std::size_t begin = text.find("| setting | strong |");
  REQUIRE(begin != std::string::npos);
  std::string rows = "| setting | strong | ordinary (the defaults) | small |\n| --- | --- | --- | --- |\n";
  std::size_t sized = 0;
  for (const Setting& s : all_settings()) {
    if (s.small.empty()) continue;
    ++sized;
    const std::string row = "| `" + std::string(s.name) + "` | " + std::string(s.strong) + " | " +
                            std::string(s.ordinary) + " | " + std::string(s.small) + " |\n";
    rows += row;
  }
  CHECK(sized == 7);
  CHECK(text.substr(begin, text.find("\n\n", begin) + 1 - begin) == rows);
}

TEST_CASE("numbers are whole, in range and nothing else") {
  const Setting& batch = *find_setting("MEMORY_DB_SYNC_BATCH_SIZE");
  for (const char* text : {"1", "5000", "1000000", "0005"}) {
    CHECK(std::holds_alternative<ParsedValue>(parse_value(batch, text)));
  }
  for (const char* text : {"0", "-1", "abc", "1000000000000", "99999999999999999999999", "5000x", "5 000", "1e3", "+5",
                           " 5", "5 ", "5.0", "0x10", ""}) {
    CAPTURE(text);
    CHECK(std::holds_alternative<std::string>(parse_value(batch, text)));
  }
}

TEST_CASE("what an existing .env lacks is added at its end in its own line ends") {
  const std::string existing = "A=1\r\n#SCAN_THREADS=4\r\nexport SYNC_CONNECTIONS=3";
  const EnvAddition addition = env_addition(existing, ".env", Profile::small);
  CHECK(addition.names.size() == all_settings().size() - 2);
  CHECK(addition.text.starts_with("\r\n\r\n# Added by forebay"));
  CHECK(addition.text.find("\r\nMEMORY_DB_SYNC_BATCH_SIZE=2000\r\n") != std::string::npos);
  for (std::size_t at = addition.text.find('\n'); at != std::string::npos; at = addition.text.find('\n', at + 1)) {
    REQUIRE(addition.text[at - 1] == '\r');
  }
  // Nothing is missing the second time.
  CHECK(env_addition(existing + addition.text, ".env", Profile::small).names.empty());
}

}  // namespace
}  // namespace forebay
