#include "cli/pages/pages.hpp"

namespace forebay::cli {
namespace {

/// A word of a case's pattern that stands for itself.
std::string bash_quoted(const std::string& text) { return "'" + text + "'"; }

std::string kind_of(const OptionInfo& option) {
  switch (offer_of(option)) {
    case Offer::files:
      return "files";
    case Offer::directories:
      return "directories";
    case Offer::values:
      return "'" + joined(option.values, " ") + "'";
    case Offer::nothing:
      break;
  }
  return "nothing";
}

std::vector<std::string> names_of(const std::vector<OptionInfo>& options) {
  std::vector<std::string> names;
  for (const OptionInfo& option : options) {
    if (!option.short_name.empty()) names.push_back(option.short_name);
    names.push_back(option.long_name);
  }
  return names;
}

}  // namespace

Page bash_completion(const CommandInfo& whole) {
  const std::vector<OptionInfo> global = global_options(whole);
  std::string commands, options, values, arguments;
  for (const CommandInfo* command : all_commands(whole)) {
    std::vector<std::string> subs;
    for (const CommandInfo& sub : command->subcommands) subs.push_back(last_word(sub.name));
    std::vector<OptionInfo> offered = command->options;
    if (command != &whole) offered.insert(offered.end(), global.begin(), global.end());

    if (!subs.empty()) commands += "    " + bash_quoted(command->name) + ") words='" + joined(subs, " ") + "' ;;\n";
    options += "    " + bash_quoted(command->name) + ") words='" + joined(names_of(offered), " ") + "' ;;\n";

    for (const OptionInfo& option : command->options) {
      if (option.placeholder.empty()) continue;
      // Those of the whole may follow any command.
      const std::string pattern = command->name.empty() ? "*" + bash_quoted(" " + option.long_name)
                                                        : bash_quoted(command->name + " " + option.long_name);
      values += "    " + pattern + ") kind=" + kind_of(option) + " ;;\n";
    }

    for (const OptionInfo& argument : command->arguments) {
      arguments += "    " + bash_quoted(command->name) + ") kind=" + kind_of(argument) + " ;;\n";
    }
  }

  std::string text = "# bash completion for forebay, made from the command's own options when it was built.\n";
  text += "_forebay_commands() {\n  words=''\n  case $1 in\n" + commands + "  esac\n}\n\n";
  text += "_forebay_options() {\n  words=''\n  case $1 in\n" + options + "  esac\n}\n\n";
  text += "_forebay_value() {\n  kind=''\n  case \"$1 $2\" in\n" + values + "  esac\n  [[ -n $kind ]]\n}\n\n";
  text += "_forebay_argument() {\n  kind=nothing\n  case $1 in\n" + arguments + "  esac\n}\n";

  text += R"(
_forebay() {
  local current=${COMP_WORDS[COMP_CWORD]} command='' option='' only_arguments='' words kind word i
  COMPREPLY=()
  # bash makes three words of "--env=FILE".
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ $word == = ]]; then continue; fi
    if [[ -n $option ]]; then option=''; continue; fi
    if [[ $word == -- ]]; then only_arguments=yes; continue; fi
    if [[ $word == -* && -z $only_arguments ]]; then
      if _forebay_value "$command" "$word"; then option=$word; fi
      continue
    fi
    _forebay_commands "$command"
    if [[ " $words " == *" $word "* ]]; then command=${command:+$command }$word; fi
  done
  if [[ $current == = ]]; then current=''; fi

  if [[ -n $option ]]; then
    _forebay_value "$command" "$option"
  elif [[ $current == -* && -z $only_arguments ]]; then
    _forebay_options "$command"
    kind=$words
  else
    _forebay_commands "$command"
    kind=$words
    if [[ -z $kind ]]; then _forebay_argument "$command"; fi
  fi

  case $kind in
    nothing) ;;
    files)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      compopt -o filenames 2>/dev/null
      ;;
    directories)
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      compopt -o filenames 2>/dev/null
      ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$kind" -- "$current") ;;
  esac
}
complete -F _forebay forebay
)";
  return {"bash-completion/completions/forebay", std::move(text)};
}

}  // namespace forebay::cli
