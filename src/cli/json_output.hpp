#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "forebay/status.hpp"

namespace forebay::cli {

/// As the commands print it. What is not UTF-8 (a server's message may be in any encoding) is replaced, and nothing in
/// it steers a terminal.
std::string json_text(const nlohmann::ordered_json& json, int indent = -1);

/// Counts of rows under the names that every output gives them.
nlohmann::ordered_json counts_json(const Counts& counts);

}  // namespace forebay::cli
