#include "sink/postgres_columns.hpp"

#include <algorithm>
#include <array>

namespace forebay {
namespace {

constexpr std::array kFits = {
    Fit{ColumnType::integer, "int8", true, WireForm::int8, "bigint", "?"},
    // Narrower types take what fits in them; the server refuses the rest (22003).
    Fit{ColumnType::integer, "int4", false, WireForm::int8, "bigint", "?"},
    Fit{ColumnType::integer, "int2", false, WireForm::int8, "bigint", "?"},
    Fit{ColumnType::integer, "numeric", false, WireForm::int8, "bigint", "?"},
    Fit{ColumnType::real, "float8", true, WireForm::float8, "double precision", "?"},
    Fit{ColumnType::real, "float4", false, WireForm::float8, "double precision", "?"},
    Fit{ColumnType::real, "numeric", false, WireForm::float8, "double precision", "?"},
    Fit{ColumnType::text, "text", true, WireForm::chars, "text", "?"},
    // varchar(n) by assignment, not by cast: a cast would cut without a word.
    Fit{ColumnType::text, "varchar", true, WireForm::chars, "text", "?"},
    Fit{ColumnType::text, "bpchar", true, WireForm::chars, "text", "?"},
    Fit{ColumnType::boolean, "bool", true, WireForm::boolean, "boolean", "?"},
    Fit{ColumnType::timestamp, "timestamptz", true, WireForm::timestamp, "timestamptz", "?"},
    // Without time zone it holds UTC: binary COPY would do that as well.
    Fit{ColumnType::timestamp, "timestamp", true, WireForm::timestamp, "timestamptz", "? AT TIME ZONE 'UTC'"},
    Fit{ColumnType::json, "jsonb", true, WireForm::jsonb, "jsonb", "?"},
    Fit{ColumnType::json, "json", true, WireForm::chars, "json", "?"},
    Fit{ColumnType::json, "text", true, WireForm::chars, "text", "?"},
    Fit{ColumnType::bytes, "bytea", true, WireForm::chars, "bytea", "?"},
};

constexpr Fit kEnum = {ColumnType::text, "", true, WireForm::chars, "text", "CAST(? AS #)"};

}  // namespace

ActualColumns actual_columns(PostgresSession& session, const std::string& quoted) {
  ActualColumns columns;
  const CatalogWords& words = session.dialect().catalog();
  for (const auto& row :
       session.exec("SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, "
                    "b.typtype = 'e', a.attnotnull, " +
                        std::string(words.has_default) + ", " + std::string(words.generated) +
                        " FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
                        "JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END "
                        "WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped",
                    {quoted})) {
    columns[row[0].c_str()] = {row[1].c_str(),    row[2].c_str(),    row[3].c_str(),   row[4].as<bool>(),
                               row[5].as<bool>(), row[6].as<bool>(), row[7].as<bool>()};
  }
  return columns;
}

std::optional<Fit> fit_of(ColumnType type, const ActualColumn& actual) {
  if (actual.is_enum && type == ColumnType::text) return kEnum;
  const auto* fit =
      std::find_if(kFits.begin(), kFits.end(), [&](const Fit& f) { return f.type == type && f.actual == actual.base; });
  return fit == kFits.end() ? std::nullopt : std::optional<Fit>(*fit);
}

bool owns(const Stream& stream, const std::string& column) {
  return std::any_of(stream.columns.begin(), stream.columns.end(), [&](const Column& c) { return c.name == column; });
}

}  // namespace forebay
