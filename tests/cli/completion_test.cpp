// Manual pages and completions, which the build makes from the command's own options, held against what --help says, in
// the shells themselves.

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

#include "support/places.hpp"
#include "support/run_command.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;
using Words = std::set<std::string>;

/// A command as its --help has it.
struct Helped {
  std::vector<std::string> words;  // "config", "show"
  Words options;
  std::vector<std::string> subcommands;

  std::string typed() const {
    std::string line = "forebay ";
    for (const std::string& word : words) line += word + " ";
    return line;
  }
  std::string page() const {
    std::string name = "forebay";
    for (const std::string& word : words) name += "-" + word;
    return name;
  }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Helped ask(std::vector<std::string> words) {
  Helped command{words, {}, {}};
  words.emplace_back("--help");
  std::string section;
  for (const std::string& line : lines_of(run_forebay(words).out)) {
    static const std::regex kOption("  (-[a-z]), *(--[a-z-]+).*|  (--[a-z-]+).*"), kCommand("  ([a-z-]+) .*");
    std::smatch m;
    if (!line.starts_with(' ')) section = line;
    if (section == "Options:" && std::regex_match(line, m, kOption)) {
      for (std::size_t i = 1; i < m.size(); ++i)
        if (m[i].matched) command.options.insert(m[i]);
    } else if (section == "Subcommands:" && std::regex_match(line, m, kCommand)) {
      command.subcommands.push_back(m[1]);
    }
  }
  return command;
}

void add_with_subcommands(std::vector<std::string> words, std::vector<Helped>& all) {
  const Helped command = ask(words);
  all.push_back(command);
  for (const std::string& sub : command.subcommands) {
    words.push_back(sub);
    add_with_subcommands(words, all);
    words.pop_back();
  }
}

/// The whole first.
std::vector<Helped> all_commands() {
  std::vector<Helped> all;
  add_with_subcommands({}, all);
  REQUIRE(all.size() > all.front().subcommands.size());
  for (const Helped& command : all) REQUIRE(command.options.contains("--help"));
  return all;
}

std::string page_file(const std::string& below) { return shared_files() + "/" + below; }

CommandResult run_program(const std::string& program, std::vector<std::string> arguments,
                          std::map<std::string, std::string> environment = {}, const fs::path& directory = {}) {
  CommandLine line;
  line.program = program;
  line.arguments = std::move(arguments);
  line.environment = std::move(environment);
  line.directory = directory;
  INFO(program << " is needed: scripts/install-packages.sh test");
  REQUIRE(fs::exists(program));
  CommandResult result = run_command(line);
  CAPTURE(result.err);
  REQUIRE_FALSE(result.timed_out);
  return result;
}

/// What a shell offers at the end of a line.
struct Shell {
  std::string name;
  std::function<Words(const std::string& line, const fs::path& directory)> offers;
};

Words words_of(const CommandResult& result) {
  CAPTURE(result.err);
  CHECK(result.err.empty());
  Words words;
  for (const std::string& line : lines_of(result.out)) words.insert(line);
  words.erase("");
  return words;
}

Words in_bash(const std::string& line, const fs::path& directory) {
  // As readline splits it: at blanks, and a '=' is a word of its own.
  static const std::string kScript =
      "source \"$1\"; complete -p forebay >/dev/null || exit; COMP_LINE=$2; "
      "read -ra COMP_WORDS <<<\"${COMP_LINE//=/ = }\"; [[ $COMP_LINE != *[\\ =] ]] || COMP_WORDS+=(''); "
      "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _forebay; printf '%s\\n' \"${COMPREPLY[@]}\"";
  return words_of(run_program("/bin/bash",
                              {"--norc", "-c", kScript, "bash", page_file("bash-completion/completions/forebay"), line},
                              {}, directory));
}

Words in_zsh(const std::string& line, const fs::path& directory) {
  Words words = words_of(run_program(
      "/usr/bin/zsh",
      {"-f", source_directory() + "/tests/completion/complete.zsh", page_file("zsh/vendor-completions"), line},
      {{"TERM", "dumb"}}, directory));
  return words;
}

Words in_fish(const std::string& line, const fs::path& directory) {
  Words words;
  for (const std::string& word : words_of(run_program("/usr/bin/fish",
                                                      {"--no-config", "-c", "source $argv[1]; complete -C $argv[2]",
                                                       page_file("fish/vendor_completions.d/forebay.fish"), line},
                                                      {}, directory))) {
    words.insert(word.substr(0, word.find('\t')));  // what follows describes it
  }
  return words;
}

Shell shell() { return GENERATE(Shell{"bash", in_bash}, Shell{"zsh", in_zsh}, Shell{"fish", in_fish}); }

bool has_pages() {
  if (!shared_files().empty()) return true;
  WARN("skipped: a build with sanitizers makes no pages");
  return false;
}

TEST_CASE("every command and option of --help is offered by bash, zsh and fish", "[threads]") {
  if (!has_pages()) return;
  const Shell in = shell();
  CAPTURE(in.name);
  const TemporaryDirectory empty;
  const std::vector<Helped> all = all_commands();
  for (const Helped& command : all) {
    CAPTURE(command.typed());
    if (!command.subcommands.empty()) {
      CHECK(in.offers(command.typed(), empty.path()) == Words(command.subcommands.begin(), command.subcommands.end()));
    }
    Words offered = in.offers(command.typed() + "-", empty.path());
    Words expected = command.options;
    expected.merge(Words(all.front().options));
    for (const char* once : {"--help", "-h", "--version"}) {  // of the whole; before a command they end it
      offered.erase(once);
      expected.erase(once);
    }
    std::erase_if(offered, [](const std::string& word) { return word.size() == 2; });  // zsh leaves "-x" to "--…"
    std::erase_if(expected, [](const std::string& word) { return word.size() == 2; });
    std::set<std::string> names;
    for (const std::string& word : offered) names.insert(word.substr(0, word.find('=')));
    CHECK(names == expected);
  }
}

TEST_CASE("bash, zsh and fish complete what an option takes, and what a command does", "[threads]") {
  if (!has_pages()) return;
  const Shell in = shell();
  CAPTURE(in.name);
  const TemporaryDirectory directory;
  directory.write("some.list", "");
  fs::create_directory(directory / "sub");
  const auto offers = [&](const std::string& line) {
    Words words;
    for (std::string word : in.offers(line, directory.path())) {
      if (word.ends_with('/')) word.pop_back();
      word = word.substr(word.find('=') + 1);          // fish gives "--progress=auto" whole
      if (!word.starts_with('-')) words.insert(word);  // zsh offers options where nothing else is to be had
    }
    return words;
  };
  CHECK(offers("forebay scan --progress ") == Words{"auto", "always", "never"});
  CHECK(offers("forebay scan --progress=a") == Words{"auto", "always"});
  CHECK(offers("forebay config init --profile s") == Words{"strong", "small"});
  CHECK(offers("forebay --log-format ") == Words{"text", "json"});
  CHECK(offers("forebay status --log-level ") == Words{"debug", "info", "warning", "error"});
  CHECK(offers("forebay scan --exclude-from ") == Words{"some.list", "sub"});
  CHECK(offers("forebay --env ") == Words{"some.list", "sub"});
  CHECK(offers("forebay restore ") == Words{"some.list", "sub"});
  CHECK(offers("forebay scan ") == Words{"sub"});
  CHECK(offers("forebay checkpoint list ") == Words{"sub"});
  // A value is no command: the option before it takes it.
  CHECK(offers("forebay --log-level error checkpoint ver") == Words{"verify"});
  CHECK(offers("forebay scan --set config --progress ") == Words{"auto", "always", "never"});
  CHECK(offers("forebay scan --set ").empty());
  CHECK(offers("forebay status ").empty());
}

TEST_CASE("there is a manual page for each command, it has every option of --help, and mandoc finds no fault in it",
          "[threads]") {
  if (!has_pages()) return;
  std::size_t pages = 0;
  for (const Helped& command : all_commands()) {
    CAPTURE(command.page());
    const std::string file = page_file("man/man1/" + command.page() + ".1");
    REQUIRE(fs::exists(file));
    ++pages;
    const CommandResult lint = run_program("/usr/bin/mandoc", {"-Tlint", "-Wwarning", file});
    CHECK(lint.out + lint.err == "");
    CHECK(lint.status == 0);
    const CommandResult shown =
        run_program("/usr/bin/man", {"-l", "--warnings", file}, {{"MANWIDTH", "200"}, {"LC_ALL", "C.UTF-8"}});
    CAPTURE(shown.out);
    CHECK(shown.err == "");
    CHECK(shown.status == 0);
    for (const std::string& option : command.options)
      CHECK(std::regex_search(shown.out, std::regex("(^|[\\s,])" + option + "(\\s|,|$)")));
    for (const std::string& sub : command.subcommands) CHECK(says(shown.out, command.page() + "-" + sub + "(1)"));
    CHECK(says(shown.out, "EXIT STATUS"));
    CHECK(says(shown.out, "EXAMPLES"));
  }
  const fs::directory_iterator there(page_file("man/man1"));
  CHECK(static_cast<std::size_t>(std::distance(fs::begin(there), fs::end(there))) == pages);
}

}  // namespace
}  // namespace forebay::test
