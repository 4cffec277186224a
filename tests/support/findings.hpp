#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "support/run_command.hpp"

namespace forebay::test {

/// What `config check --json` says under this verdict, one message a line.
inline std::string findings_of(const CommandResult& result, const std::string& verdict) {
  std::string all;
  const auto findings = nlohmann::json::parse(result.out).at("findings");
  for (const auto& f : findings)
    if (f.at("verdict") == verdict) all += f.at("message").get<std::string>() + "\n";
  return all;
}

}  // namespace forebay::test
