#include "cli/pages/pages.hpp"

namespace forebay::cli {
namespace {

std::string fish_quoted(const std::string& text) {
  return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

std::string fish_value(const OptionInfo& option) {
  switch (offer_of(option)) {
    case Offer::files:
      return " -r -F";
    case Offer::directories:
      return " -x -a '(__fish_complete_directories (commandline -ct))'";
    case Offer::values:
      return " -x -a " + fish_quoted(joined(option.values, " "));
    case Offer::nothing:
      break;
  }
  return " -x";
}

}  // namespace

Page fish_completion(const CommandInfo& whole) {
  std::string commands, valued, lines;
  for (const CommandInfo* command : all_commands(whole)) {
    const std::string here = command == &whole ? "" : " -n '__forebay_at \"" + command->name + "\"'";
    for (const CommandInfo& sub : command->subcommands) {
      commands += "        case '" + sub.name + "'\n            return 0\n";
      lines += "complete -c forebay -n '__forebay_at \"" + command->name + "\"' -a " + last_word(sub.name) + " -d " +
               fish_quoted(sub.summary) + "\n";
    }

    for (const OptionInfo& option : command->options) {
      const std::string first = option.long_name == "--version" ? " -n '__forebay_at \"\"'" : here;
      std::string line = "complete -c forebay" + first + " -l " + option.long_name.substr(2);
      if (!option.short_name.empty()) line += " -s " + option.short_name.substr(1);
      if (!option.placeholder.empty()) {
        line += fish_value(option);
        valued += std::string("        case '") + (command == &whole ? "*" : command->name) + " " + option.long_name +
                  "'\n            return 0\n";
      }

      // Each has it; one line is enough.
      if (command == &whole || option.long_name != "--help") lines += line + " -d " + fish_quoted(option.help) + "\n";
    }

    for (const OptionInfo& argument : command->arguments) {
      if (offer_of(argument) == Offer::files) lines += "complete -c forebay" + here + " -F\n";
      if (offer_of(argument) == Offer::directories) {
        lines += "complete -c forebay" + here + " -a '(__fish_complete_directories (commandline -ct))'\n";
      }
    }
  }

  std::string text = "# fish completion for forebay, made from the command's own options when it was built.\n";
  text += "function __forebay_is_command\n    switch \"$argv[1]\"\n" + commands + "    end\n    return 1\nend\n\n";
  text += "function __forebay_takes_value\n    switch \"$argv[1]\"\n" + valued + "    end\n    return 1\nend\n";

  text += R"(
# Whether the words before the cursor have chosen this command: "config show".
function __forebay_at
    set -l command ''
    set -l skip no
    for word in (commandline -opc)[2..-1]
        if test $skip = yes
            set skip no
        else if string match -q -- '-*' $word
            if __forebay_takes_value "$command $word"
                set skip yes
            end
        else
            set -l longer (string trim -- "$command $word")
            if __forebay_is_command $longer
                set command $longer
            end
        end
    end
    test "$command" = "$argv[1]"
end

complete -c forebay -f
)";
  return {"fish/vendor_completions.d/forebay.fish", text + lines};
}

}  // namespace forebay::cli
