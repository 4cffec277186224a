#include "sink/postgres/columns.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <sstream>

#include "forebay/file_record.hpp"

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
constexpr Fit kEnumInCapitals = {ColumnType::text, "", false, WireForm::chars, "text", "CAST(upper(?) AS #)"};

std::string capitals(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  return upper;
}

bool has_label(const ActualColumn& actual, std::string_view label) {
  return std::find(actual.labels.begin(), actual.labels.end(), label) != actual.labels.end();
}

/// What the built-in streams write into a column is known; of others, a declaration says no values.
std::span<const std::string_view> known_values(const Stream& stream, const Column& column) {
  const bool is_type = stream.table == backup_files_stream().table && column.name == "file_type";
  return is_type ? file_types() : std::span<const std::string_view>();
}

/// Object mappers make an enum of the names of a program's constants, and those are in capitals.
bool is_in_capitals(const Stream& stream, const Column& column, const ActualColumn& actual) {
  const auto values = known_values(stream, column);
  return std::none_of(values.begin(), values.end(), [&](auto v) { return has_label(actual, v); }) &&
         std::any_of(values.begin(), values.end(), [&](auto v) { return has_label(actual, capitals(v)); });
}

}  // namespace

ActualColumns actual_columns(PostgresSession& session, const std::string& quoted) {
  ActualColumns columns;
  const CatalogWords& words = session.dialect().catalog();
  for (const auto& row : session.exec(
           "SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, "
           "b.typtype = 'e', a.attnotnull, " +
               std::string(words.has_default) + ", " + std::string(words.generated) +
               ", EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = a.attrelid AND p.indisprimary AND "
               "a.attnum = ANY (p.indkey)), (SELECT string_agg(e.enumlabel, chr(10) ORDER BY e.enumsortorder) "
               "FROM pg_enum e WHERE e.enumtypid = b.oid) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
               "JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END "
               "WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped",
           {quoted})) {
    ActualColumn column{row[1].c_str(),    row[2].c_str(),    row[3].c_str(),
                        row[4].as<bool>(), row[5].as<bool>(), row[6].as<bool>(),
                        row[7].as<bool>(), row[8].as<bool>(), {}};

    std::istringstream labels(row[9].c_str());
    for (std::string label; std::getline(labels, label);) column.labels.push_back(label);
    columns[row[0].c_str()] = std::move(column);
  }
  return columns;
}

std::optional<Fit> fit_of(const Stream& stream, const Column& column, const ActualColumn& actual) {
  if (actual.is_enum && column.type == ColumnType::text)
    return is_in_capitals(stream, column, actual) ? kEnumInCapitals : kEnum;
  const auto* fit = std::find_if(kFits.begin(), kFits.end(),
                                 [&](const Fit& f) { return f.type == column.type && f.actual == actual.base; });
  return fit == kFits.end() ? std::nullopt : std::optional<Fit>(*fit);
}

std::vector<std::string> missing_labels(const Stream& stream, const Column& column, const ActualColumn& actual) {
  std::vector<std::string> missing;
  if (!actual.is_enum) return missing;
  const bool upper = is_in_capitals(stream, column, actual);
  for (const std::string_view value : known_values(stream, column)) {
    const std::string label = upper ? capitals(value) : std::string(value);
    if (!has_label(actual, label)) missing.push_back(label);
  }
  return missing;
}

std::vector<std::string> other_columns(const Stream& stream, const ActualColumns& actual) {
  std::vector<std::string> names;
  for (const auto& [name, there] : actual) {
    if (!owns(stream, name) && name != stream.version_column && name != stream.touched_column && !there.generated)
      names.push_back(name);
  }
  return names;
}

std::vector<std::string> unfilled_columns(const Stream& stream, const ActualColumns& actual) {
  std::vector<std::string> names;
  for (const std::string& name : other_columns(stream, actual)) {
    if (actual.at(name).not_null && !actual.at(name).has_default) names.push_back(name);
  }
  return names;
}

}  // namespace forebay
