#include "cli/commands/errors_show.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <sstream>

#include "base/human.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"

namespace forebay::cli {
namespace {

using control::Json;

/// Of one value, for people.
constexpr std::size_t kShownBytesMax = 4096;

Json value_json(const Value& value) {
  constexpr std::int64_t kExactMax = 1LL << 53;
  if (value.is_null()) return nullptr;
  if (value.is(ColumnType::boolean)) return value.as_integer() != 0;
  if (value.is(ColumnType::real) && std::isfinite(value.as_real())) return value.as_real();
  if (value.is(ColumnType::integer) && value.as_integer() <= kExactMax && value.as_integer() >= -kExactMax) {
    return value.as_integer();
  }
  return value_text(value, std::numeric_limits<std::size_t>::max());
}

}  // namespace

std::string values_text(const QuarantinedRow& row) {
  Table table;
  if (row.values) {
    for (std::size_t i = 0; i < row.declared.columns.size(); ++i) {
      table.add({"    " + row.declared.columns[i].name, value_text(row.values->values(0)[i], kShownBytesMax)});
    }
  } else {
    table.add({"    values", "cannot be read: the record is damaged"});
  }
  table.add({"    to drop it", "forebay errors --drop=" + shell_quoted(row.key)});
  std::ostringstream out;
  table.print(out, false);
  return out.str();
}

Json values_json(const QuarantinedRow& row) {
  if (!row.values) return nullptr;
  Json values = Json::object();
  for (std::size_t i = 0; i < row.declared.columns.size(); ++i) {
    values[row.declared.columns[i].name] = value_json(row.values->values(0)[i]);
  }
  return values;
}

std::string shell_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace forebay::cli
