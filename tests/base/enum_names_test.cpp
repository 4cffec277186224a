// The names of the public enums: those of settings, files, JSON and the control socket, which are kept once released.
#include "base/enum_names.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/setting_table.hpp"
#include "forebay/error.hpp"
#include "forebay/reason.hpp"
#include "forebay/status.hpp"

namespace forebay {
namespace {

using Names = std::vector<std::string_view>;

/// What to_string() says of every number from `first` on, up to the first that is no value.
template <class Enum>
Names names_from(Enum first) {
  Names names;
  for (int i = static_cast<int>(first); to_string(static_cast<Enum>(i)) != "invalid"; ++i) {
    names.push_back(to_string(static_cast<Enum>(i)));
  }
  return names;
}

std::string joined(const Names& names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : "|") + std::string(name);
  return text;
}

TEST_CASE("every value of every public enum has its name, in the order of the enum") {
  CHECK(names_from(ErrorCode::usage) ==
        Names{"usage", "destination", "local", "damaged", "full", "stopped", "not_built_yet"});
  CHECK(names_from(Durability::memory) == Names{"memory", "process", "power"});
  CHECK(names_from(FullPolicy::wait) == Names{"wait", "fail"});
  CHECK(names_from(LogLevel::debug) == Names{"debug", "info", "warning", "error"});
  CHECK(names_from(ColumnType::integer) == Names{"integer", "real", "text", "boolean", "timestamp", "json", "bytes"});
  CHECK(names_from(DestinationState::unknown) == Names{"unknown", "ok", "degraded", "down", "misconfigured"});
  CHECK(names_from(SyncOutcome::complete) == Names{"complete", "incomplete", "unsettled"});
  const Names reasons = names_from(Reason::batch_size_reached);
  CHECK(reasons == Names{"batch_size_reached", "interval_reached", "memory_limit_reached", "force_sync", "end",
                         "recover", "retry", "checkpoint"});
  CHECK(reasons.size() == kReasons);
}

TEST_CASE("a name leads back to its value, and any other text to none") {
  for (const auto name : names_from(Durability::memory)) CHECK(to_string(durability_of(name).value()) == name);
  for (const auto name : names_from(FullPolicy::wait)) CHECK(to_string(full_policy_of(name).value()) == name);
  for (const auto name : names_from(LogLevel::debug)) CHECK(to_string(log_level_of(name).value()) == name);
  for (const auto name : names_from(ColumnType::integer)) CHECK(to_string(column_type_of(name).value()) == name);
  for (const std::string_view other : {"", "invalid", "Process", "process ", "memor"}) {
    CAPTURE(other);
    CHECK_FALSE(durability_of(other));
    CHECK_FALSE(full_policy_of(other));
    CHECK_FALSE(log_level_of(other));
    CHECK_FALSE(column_type_of(other));
  }
}

TEST_CASE("settings whose value is one of an enum allow what the enum has") {
  const auto choices_of = [](std::string_view name) {
    for (const Setting& setting : all_settings()) {
      if (setting.name == name) return std::string(setting.choices);
    }
    return std::string();
  };
  CHECK(choices_of("MEMORY_DB_DURABILITY") == joined(names_from(Durability::memory)));
  CHECK(choices_of("MEMORY_DB_FULL_POLICY") == joined(names_from(FullPolicy::wait)));
  CHECK(choices_of("FOREBAY_LOG_LEVEL") == joined(names_from(LogLevel::debug)));
}

}  // namespace
}  // namespace forebay
