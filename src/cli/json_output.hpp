#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace forebay::cli {

/// As the commands print it. What is not UTF-8 (a server's message may be in any encoding) is replaced, and nothing in
/// it steers a terminal.
std::string json_text(const nlohmann::ordered_json& json, int indent = -1);

}  // namespace forebay::cli
