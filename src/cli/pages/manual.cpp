#include <algorithm>
#include <cctype>
#include <cstdio>

#include "cli/pages/pages.hpp"
#include "config/setting_table.hpp"
#include "forebay/version.hpp"

namespace forebay::cli {
namespace {

/// The code point that begins at `at`, which then stands behind it. The texts are the program's own, and UTF-8.
unsigned code_point(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  unsigned point = more == 0 ? first : first & (0x3FU >> more);

  for (int i = 0; i < more && at < text.size(); ++i) {
    point = point << 6 | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  }
  return point;
}

/// As roff needs it to print just this, with hyphens and quotes that can be copied into a shell.
std::string roff(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool line_begins = at == 0 || text[at - 1] == '\n';
    const unsigned point = code_point(text, at);
    if (line_begins && (point == '.' || point == '\'')) out += "\\&";

    switch (point) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '^':
        out += "\\(ha";
        break;
      default:
        if (point < 0x80) {
          out += static_cast<char>(point);
        } else {
          char escape[16];
          std::snprintf(escape, sizeof escape, "\\[u%04X]", point);
          out += escape;
        }
    }
  }
  return out;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }
std::string tagged(const std::string& tag, const std::string& text) { return ".TP\n" + tag + "\n" + text + "\n"; }

std::string page_name(const std::string& command) {
  return command.empty() ? "forebay" : "forebay-" + replaced(command, " ", "-");
}
std::string typed_as(const std::string& command) { return command.empty() ? "forebay" : "forebay " + command; }

std::string as_sentence(std::string text) {
  text = replaced(std::move(text), "\n", " ");
  return text.ends_with('.') ? text : text + ".";
}

std::string placeholder_of(const OptionInfo& option) {
  const std::string text = italic(option.placeholder) + (option.repeatable ? "..." : "");
  return option.required ? text : "[" + text + "]";
}

std::string synopsis(const CommandInfo& command) {
  std::string text = bold(typed_as(command.name)) + " [" + italic("OPTION") + "]...";
  if (!command.subcommands.empty()) text += " " + italic("COMMAND");
  for (const OptionInfo& argument : command.arguments) text += " " + placeholder_of(argument);
  return ".SH SYNOPSIS\n" + text + "\n";
}

std::string option_entry(const OptionInfo& option) {
  std::string tag = option.short_name.empty() ? "" : bold(option.short_name) + ", ";
  tag += bold(option.long_name);
  if (!option.placeholder.empty()) tag += " " + italic(option.placeholder);
  return tagged(tag, roff(as_sentence(option.help)));
}

std::string options_section(const CommandInfo& command) {
  std::string text;
  for (const OptionInfo& argument : command.arguments) {
    text += tagged(placeholder_of(argument), roff(as_sentence(argument.help)));
  }
  if (!text.empty()) text = ".SH ARGUMENTS\n" + text;

  text += ".SH OPTIONS\n";
  for (const OptionInfo& option : command.options) text += option_entry(option);

  if (!command.name.empty()) {
    text += ".PP\nOptions of every command, such as " + bold("--env") + ", are described in " + bold("forebay") +
            "(1).\nThey may stand before or after the command.\n";
  }
  return text;
}

std::string commands_section(const CommandInfo& command) {
  if (command.subcommands.empty()) return {};
  std::string text = ".SH COMMANDS\n";
  for (const CommandInfo& sub : command.subcommands) {
    text += tagged(bold(page_name(sub.name)) + "(1)", roff(as_sentence(sub.summary)));
  }
  return text;
}

/// "0 done · 2 wrong usage".
std::string exit_section(const CommandInfo& command) {
  std::string text = ".SH EXIT STATUS\n";
  if (command.exit_statuses.empty()) {
    return text + "0 if it did what was asked, else as in " + bold("forebay") + "(1).\n";
  }
  constexpr std::string_view kBetween = "·";
  std::string_view left = command.exit_statuses;
  while (!left.empty()) {
    const std::size_t end = std::min(left.find(kBetween), left.size());
    std::string_view one = left.substr(0, end);
    left.remove_prefix(std::min(end + kBetween.size(), left.size()));

    const auto blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    while (!one.empty() && blank(one.front())) one.remove_prefix(1);
    while (!one.empty() && blank(one.back())) one.remove_suffix(1);
    const std::size_t space = std::min(one.find(' '), one.size());
    text +=
        tagged(bold(one.substr(0, space)), roff(as_sentence(std::string(one.substr(std::min(space + 1, one.size()))))));
  }
  return text;
}

std::string settings_section() {
  std::string text = ".SH ENVIRONMENT\nThese settings come from the environment, or from the file of " + bold("--env") +
                     ".\n" + bold("forebay config show") + " prints what is in force.\n";
  for (const Setting& setting : all_settings()) {
    if (setting.not_built) continue;
    std::string help(setting.help);
    const std::string_view by_default = setting.default_text.empty() ? setting.default_note : setting.default_text;
    if (!by_default.empty()) help += " (default: " + std::string(by_default) + ")";
    text += tagged(bold(setting.name), roff(as_sentence(help)));
  }
  return text;
}

std::string examples_section(const CommandInfo& command) {
  if (command.examples.empty()) return {};
  std::string text = ".SH EXAMPLES\n.EX\n";
  for (const std::string& line : command.examples) text += roff(line) + "\n";
  return text + ".EE\n";
}

std::string see_also(const CommandInfo& command, const CommandInfo& whole) {
  std::vector<std::string> pages;
  for (const CommandInfo* other : all_commands(whole)) {
    const bool near = other->name.empty() || command.name.empty() || other->name.starts_with(command.name + " ") ||
                      command.name.starts_with(other->name + " ");
    if (other != &command && near) pages.push_back(bold(page_name(other->name)) + "(1)");
  }
  return ".SH SEE ALSO\n" + joined(pages, ",\n") + "\n";
}

}  // namespace

std::vector<Page> manual_pages(const CommandInfo& whole, const std::string& date) {
  std::vector<Page> pages;
  for (const CommandInfo* command : all_commands(whole)) {
    const std::string name = page_name(command->name);
    std::string title = name;
    std::transform(title.begin(), title.end(), title.begin(), [](unsigned char c) { return std::toupper(c); });

    std::string text = ".TH " + roff(title) + " 1 " + date + " \"forebay " FOREBAY_VERSION "\" \"forebay\"\n";
    std::string summary =
        command->name.empty() ? "Write-ahead buffer in front of PostgreSQL, openGauss or SQLite" : command->summary;
    text += ".SH NAME\n" + roff(name) + " \\- " + roff(summary) + "\n" + synopsis(*command);

    text += ".SH DESCRIPTION\n" + roff(as_sentence(command->summary)) + "\n";
    text += commands_section(*command) + options_section(*command) + exit_section(*command);
    if (command->name.empty()) text += settings_section();
    text += examples_section(*command) + see_also(*command, whole);

    pages.push_back({"man/man1/" + name + ".1", std::move(text)});
  }
  return pages;
}

}  // namespace forebay::cli
