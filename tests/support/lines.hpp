#pragma once

#include <string>
#include <vector>

namespace forebay::test {

/// All of them in one text, each with its end.
inline std::string lines(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& line : all) (text += line) += '\n';
  return text;
}

}  // namespace forebay::test
