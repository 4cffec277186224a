#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "cli/command_tree.hpp"

namespace forebay::cli {

struct Page {
  std::string path;  ///< below share/: "man/man1/forebay.1"
  std::string text;
};

/// One for the whole and one for each command. `date`: "2026-11-30".
std::vector<Page> manual_pages(const CommandInfo& whole, const std::string& date);
Page bash_completion(const CommandInfo& whole);
Page zsh_completion(const CommandInfo& whole);
Page fish_completion(const CommandInfo& whole);

/// The whole, then each command before its subcommands.
std::vector<const CommandInfo*> all_commands(const CommandInfo& whole);

/// Of the whole, that may follow a command: all but --help, which each has itself, and --version.
std::vector<OptionInfo> global_options(const CommandInfo& whole);

/// What a shell offers for the value of an option or for an argument.
enum class Offer : std::uint8_t { nothing, files, directories, values };
Offer offer_of(const OptionInfo& option);

/// "config show" → "show".
std::string last_word(const std::string& command);
std::string replaced(std::string text, std::string_view what, std::string_view with);

}  // namespace forebay::cli
