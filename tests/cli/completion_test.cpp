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

using Lines = std::vector<std::string>;
/// What a shell offers at the end of each of the lines.
struct Shell {
  std::string name;
  std::function<std::vector<Words>(const Lines& lines, const fs::path& directory)> offers;
};

/// An empty line ends what is offered for one.
std::vector<Words> words_of(const CommandResult& result, std::size_t lines) {
  CAPTURE(result.err);
  CHECK(result.err.empty());
  std::vector<Words> all(1);
  for (const std::string& line : lines_of(result.out)) {
    if (line.empty()) {
      all.emplace_back();
    } else {
      all.back().insert(line.substr(0, line.find('\t')));  // fish describes it behind a tab
    }
  }
  all.pop_back();
  REQUIRE(all.size() == lines);
  return all;
}

Lines behind(Lines arguments, const Lines& lines) {
  arguments.insert(arguments.end(), lines.begin(), lines.end());
  return arguments;
}

std::vector<Words> in_bash(const Lines& lines, const fs::path& directory) {
  // Words as readline splits a line: at blanks, and a '=' is one of its own.
  static const std::string kScript =
      "source \"$1\"; complete -p forebay >/dev/null || exit; shift; for COMP_LINE; do "
      "read -ra COMP_WORDS <<<\"${COMP_LINE//=/ = }\"; [[ $COMP_LINE != *[\\ =] ]] || COMP_WORDS+=(''); "
      "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _forebay; "
      "[ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' \"${COMPREPLY[@]}\"; echo; done";
  const std::string file = page_file("bash-completion/completions/forebay");
  return words_of(run_program("/bin/bash", behind({"--norc", "-c", kScript, "bash", file}, lines), {}, directory),
                  lines.size());
}

std::vector<Words> in_zsh(const Lines& lines, const fs::path& directory) {
  const std::string script = source_directory() + "/tests/completion/complete.zsh";
  return words_of(run_program("/usr/bin/zsh", behind({"-f", script, page_file("zsh/vendor-completions")}, lines),
                              {{"TERM", "dumb"}}, directory),
                  lines.size());
}

std::vector<Words> in_fish(const Lines& lines, const fs::path& directory) {
  static const std::string kScript = "source $argv[1]; for line in $argv[2..-1]; complete -C $line; echo; end";
  const std::string file = page_file("fish/vendor_completions.d/forebay.fish");
  return words_of(run_program("/usr/bin/fish", behind({"--no-config", "-c", kScript, file}, lines), {}, directory),
                  lines.size());
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
  const std::vector<Helped> all = all_commands();
  Lines lines;
  for (const Helped& command : all) {
    lines.push_back(command.typed() + "-");
    if (!command.subcommands.empty()) lines.push_back(command.typed());
  }
  const TemporaryDirectory empty;
  const std::vector<Words> offers = in.offers(lines, empty.path());

  // --help and --version of the whole end it before a command, and zsh leaves "-x" to the long name.
  const auto comparable = [](const Words& words) {
    Words names;
    for (const std::string& word : words) {
      if (word.starts_with("--") && word != "--help" && word != "--version") names.insert(word);
    }
    return names;
  };
  std::size_t at = 0;
  for (const Helped& command : all) {
    CAPTURE(command.typed());
    Words expected = command.options;
    expected.insert(all.front().options.begin(), all.front().options.end());
    CHECK(comparable(offers.at(at)) == comparable(expected));
    CHECK(offers.at(at++).contains("--help"));
    if (command.subcommands.empty()) continue;
    CHECK(offers.at(at++) == Words(command.subcommands.begin(), command.subcommands.end()));
  }
}

TEST_CASE("bash, zsh and fish complete what an option takes, and what a command does", "[threads]") {
  if (!has_pages()) return;
  const Shell in = shell();
  CAPTURE(in.name);
  const TemporaryDirectory directory;
  directory.write("some.list", "");
  fs::create_directory(directory / "sub");
  const std::vector<std::pair<std::string, Words>> expected = {
      {"forebay scan --progress ", {"auto", "always", "never"}},
      {"forebay scan --progress=a", {"auto", "always"}},
      {"forebay config init --profile s", {"strong", "small"}},
      {"forebay --log-format ", {"text", "json"}},
      {"forebay status --log-level ", {"debug", "info", "warning", "error"}},
      {"forebay scan --exclude-from ", {"some.list", "sub"}},
      {"forebay --env ", {"some.list", "sub"}},
      {"forebay restore ", {"some.list", "sub"}},
      {"forebay scan ", {"sub"}},
      {"forebay checkpoint list ", {"sub"}},
      // A value is no command: the option before it takes it.
      {"forebay --log-level error checkpoint ver", {"verify"}},
      {"forebay scan --set config --progress ", {"auto", "always", "never"}},
      {"forebay scan --set ", {}},
      {"forebay status ", {}}};
  Lines lines;
  for (const auto& [line, words] : expected) lines.push_back(line);
  const std::vector<Words> offers = in.offers(lines, directory.path());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(lines[i]);
    Words words;
    for (std::string word : offers[i]) {
      if (word.ends_with('/')) word.pop_back();
      word = word.substr(word.find('=') + 1);          // fish gives "--progress=auto" whole
      if (!word.starts_with('-')) words.insert(word);  // zsh offers options where nothing else is to be had
    }
    CHECK(words == expected[i].second);
  }
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
