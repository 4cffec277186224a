#include "cli/view_fields.hpp"

#include <chrono>
#include <ctime>

#include "base/human.hpp"

namespace forebay::cli {
using control::Json;

std::optional<std::uint64_t> number_field(const Json& j, const char* field) {
  const auto found = j.find(field);
  if (found == j.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::optional<double> real_field(const Json& j, const char* field) {
  const auto found = j.find(field);
  if (found == j.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::string text_field(const Json& j, const char* field) {
  const auto found = j.find(field);
  return found == j.end() || !found->is_string() ? std::string() : found->get<std::string>();
}

std::string time_field(const Json& j, const char* field) {
  std::string text = text_field(j, field);
  std::tm parts = {};
  const char* const end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return text;
  return rfc3339_local(std::chrono::system_clock::from_time_t(::timegm(&parts)));
}

bool truth_field(const Json& j, const char* field) {
  const auto found = j.find(field);
  return found != j.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace forebay::cli
