#include "base/enum_names.hpp"

#include "forebay/error.hpp"
#include "forebay/reason.hpp"
#include "forebay/status.hpp"

namespace forebay {
namespace {

/// What to_string() says of a number that is no value of its enum.
constexpr std::string_view kNoName = "invalid";

/// `last` is the last value of the enum, whose values have no gaps.
template <class Enum>
std::optional<Enum> value_named(std::string_view name, Enum first, Enum last) noexcept {
  for (int i = static_cast<int>(first); i <= static_cast<int>(last); ++i) {
    if (to_string(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

// No `default` in these: the compiler asks for the name of a value that is added.

std::string_view to_string(Durability durability) noexcept {
  switch (durability) {
    case Durability::memory:
      return "memory";
    case Durability::process:
      return "process";
    case Durability::power:
      return "power";
  }
  return kNoName;
}

std::string_view to_string(FullPolicy policy) noexcept {
  switch (policy) {
    case FullPolicy::wait:
      return "wait";
    case FullPolicy::fail:
      return "fail";
  }
  return kNoName;
}

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return kNoName;
}

std::string_view to_string(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::integer:
      return "integer";
    case ColumnType::real:
      return "real";
    case ColumnType::text:
      return "text";
    case ColumnType::boolean:
      return "boolean";
    case ColumnType::timestamp:
      return "timestamp";
    case ColumnType::json:
      return "json";
    case ColumnType::bytes:
      return "bytes";
  }
  return kNoName;
}

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::usage:
      return "usage";
    case ErrorCode::destination:
      return "destination";
    case ErrorCode::local:
      return "local";
    case ErrorCode::damaged:
      return "damaged";
    case ErrorCode::full:
      return "full";
    case ErrorCode::stopped:
      return "stopped";
    case ErrorCode::not_built_yet:
      return "not_built_yet";
  }
  return kNoName;
}

std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::batch_size_reached:
      return "batch_size_reached";
    case Reason::interval_reached:
      return "interval_reached";
    case Reason::memory_limit_reached:
      return "memory_limit_reached";
    case Reason::force_sync:
      return "force_sync";
    case Reason::end:
      return "end";
    case Reason::recover:
      return "recover";
    case Reason::retry:
      return "retry";
    case Reason::checkpoint:
      return "checkpoint";
  }
  return kNoName;
}

std::string_view to_string(DestinationState state) noexcept {
  switch (state) {
    case DestinationState::unknown:
      return "unknown";
    case DestinationState::ok:
      return "ok";
    case DestinationState::degraded:
      return "degraded";
    case DestinationState::down:
      return "down";
    case DestinationState::misconfigured:
      return "misconfigured";
  }
  return kNoName;
}

std::string_view to_string(SyncOutcome outcome) noexcept {
  switch (outcome) {
    case SyncOutcome::complete:
      return "complete";
    case SyncOutcome::incomplete:
      return "incomplete";
    case SyncOutcome::unsettled:
      return "unsettled";
  }
  return kNoName;
}

std::optional<Durability> durability_of(std::string_view name) noexcept {
  return value_named(name, Durability::memory, Durability::power);
}
std::optional<FullPolicy> full_policy_of(std::string_view name) noexcept {
  return value_named(name, FullPolicy::wait, FullPolicy::fail);
}
std::optional<LogLevel> log_level_of(std::string_view name) noexcept {
  return value_named(name, LogLevel::debug, LogLevel::error);
}
std::optional<ColumnType> column_type_of(std::string_view name) noexcept {
  return value_named(name, ColumnType::integer, ColumnType::bytes);
}

}  // namespace forebay
