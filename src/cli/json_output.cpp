#include "cli/json_output.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace forebay::cli {

std::string json_text(const nlohmann::ordered_json& json, int indent) {
  return printable_json(json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace forebay::cli
