#include "cli/pages/pages.hpp"

namespace forebay::cli {

std::vector<const CommandInfo*> all_commands(const CommandInfo& whole) {
  std::vector<const CommandInfo*> all = {&whole};
  for (const CommandInfo& sub : whole.subcommands) {
    const auto below = all_commands(sub);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

std::vector<OptionInfo> global_options(const CommandInfo& whole) {
  std::vector<OptionInfo> options;
  for (const OptionInfo& option : whole.options) {
    if (option.long_name != "--help" && option.long_name != "--version") options.push_back(option);
  }
  return options;
}

Offer offer_of(const OptionInfo& option) {
  if (!option.values.empty()) return Offer::values;
  if (option.placeholder == "FILE") return Offer::files;
  if (option.placeholder == "DIR" || option.placeholder == "FOLDER") return Offer::directories;
  return Offer::nothing;
}

std::string last_word(const std::string& command) { return command.substr(command.rfind(' ') + 1); }

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

}  // namespace forebay::cli
