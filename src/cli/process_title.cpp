#include "cli/process_title.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "config/secrets.hpp"

namespace forebay::cli {
namespace {

/// Where in an argument a URL begins, or what should have been one; npos: nothing of it can be a secret.
std::size_t secret_begin(std::string_view argument, bool after_to) {
  constexpr std::string_view kTo = "--to=";
  if (after_to) return 0;
  if (argument.starts_with(kTo)) return kTo.size();
  const std::size_t scheme = argument.find("://");

  if (scheme == std::string_view::npos) return scheme;
  // "--too=postgresql://…" is refused as an option; its value is a URL all the same.
  const std::size_t equals = argument.substr(0, scheme).rfind('=');
  return argument.starts_with('-') && equals != std::string_view::npos ? equals + 1 : 0;
}

}  // namespace

void hide_secrets(int argc, char** argv) {
  bool after_to = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t begin = secret_begin(argument, after_to);
    after_to = argument == "--to";
    if (begin == std::string::npos) continue;
    std::string shown = argument.substr(0, begin) + without_secrets(std::string_view(argument).substr(begin));
    if (shown == argument) continue;
    shown.resize(argument.size(), ' ');
    std::copy(shown.begin(), shown.end(), argv[i]);
  }
}

}  // namespace forebay::cli
