#include "cli/pages/pages.hpp"

namespace forebay::cli {
namespace {

std::string function_of(const std::string& command) {
  return command.empty() ? "_forebay" : "_forebay_" + replaced(command, " ", "_");
}

/// Within single quotes.
std::string zsh_quoted(const std::string& text) { return replaced(text, "'", "'\\''"); }

/// ":FILE:_files"
std::string zsh_value(const OptionInfo& option) {
  const std::string head = ":" + option.placeholder + ":";
  switch (offer_of(option)) {
    case Offer::files:
      return head + "_files";
    case Offer::directories:
      return head + "_files -/";
    case Offer::values:
      return head + "(" + joined(option.values, " ") + ")";
    case Offer::nothing:
      break;
  }
  return head + " ";
}

std::string spec_of(const OptionInfo& option) {
  std::string help = replaced(option.help, "\\", "\\\\");
  help = zsh_quoted(replaced(replaced(std::move(help), "[", "\\["), "]", "\\]"));
  const bool takes_value = !option.placeholder.empty();
  const std::string rest = "[" + help + "]" + (takes_value ? zsh_value(option) : "") + "'";
  const std::string equals = takes_value ? "=" : "";

  if (option.short_name.empty()) {
    return std::string("'") + (option.repeatable ? "*" : "") + option.long_name + equals + rest;
  }
  return "'(" + option.short_name + " " + option.long_name + ")'{" + option.short_name + "," + option.long_name +
         equals + "}'" + rest;
}

std::string specs_of(const CommandInfo& command) {
  std::string text;
  for (const OptionInfo& option : command.options) text += "    " + spec_of(option) + " \\\n";
  return text;
}

}  // namespace

Page zsh_completion(const CommandInfo& whole) {
  std::string text =
      "#compdef forebay\n# zsh completion for forebay, made from the command's own options when it was built.\n";
  for (const CommandInfo* command : all_commands(whole)) {
    text += "\n" + function_of(command->name) + "() {\n";
    std::string specs = specs_of(*command);

    if (command != &whole) {
      for (const OptionInfo& option : global_options(whole)) specs += "    " + spec_of(option) + " \\\n";
    }

    if (command->subcommands.empty()) {
      for (const OptionInfo& argument : command->arguments) {
        specs += std::string("    '") + (argument.repeatable ? "*" : "1") + zsh_value(argument) + "' \\\n";
      }
      text += "  _arguments -s -S : \\\n" + specs.substr(0, specs.size() - 3) + "\n}\n";
      continue;
    }

    std::string names, calls;
    for (const CommandInfo& sub : command->subcommands) {
      const std::string word = last_word(sub.name);
      names += "        '" + word + ":" + zsh_quoted(replaced(sub.summary, ":", "\\:")) + "'\n";
      calls += "        " + word + ") " + function_of(sub.name) + " && ret=0 ;;\n";
    }

    text +=
        "  local context curcontext=$curcontext state state_descr line ret=1\n  local -A opt_args\n  local -a "
        "commands\n";
    text += "  _arguments -C : \\\n" + specs + "    '1: :->command' \\\n    '*:: :->rest' && ret=0\n";
    text += "  case $state in\n    command)\n      commands=(\n" + names + "      )\n";
    text += "      _describe -t commands 'command' commands && ret=0\n      ;;\n    rest)\n      case $words[1] in\n" +
            calls;
    text += "      esac\n      ;;\n  esac\n  return ret\n}\n";
  }

  // Autoloaded it is the function's first call, sourced it declares itself.
  text += "\nif [[ $funcstack[1] == _forebay ]]; then\n  _forebay \"$@\"\nelse\n  compdef _forebay forebay\nfi\n";
  return {"zsh/vendor-completions/_forebay", std::move(text)};
}

}  // namespace forebay::cli
