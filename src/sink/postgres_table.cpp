#include "sink/postgres_table.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

namespace forebay {
namespace {

/// How a stream's column type meets a PostgreSQL type.
struct Fit {
  ColumnType type;
  std::string_view actual;  // pg_type.typname, of a domain its base type's
  bool direct;              // binary COPY of our form lands as the same value
  WireForm form;
  const char* wire;   // type of the staging column
  const char* value;  // from the staging column; "#": the actual type's name
};

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

struct ActualColumn {
  std::string type;  // as people write it
  std::string cast_name;
  std::string base;  // pg_type.typname
  bool is_enum = false;
  bool not_null = false;
  bool has_default = false;
  bool generated = false;
};

using ActualColumns = std::map<std::string, ActualColumn>;

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

std::vector<std::string> problems_of(const Stream& stream, const ActualColumns& actual, bool missing_too) {
  const PostgresDialect dialect;
  std::vector<std::string> problems;
  std::vector<std::string> absent;  // told last: migrate mends these, and not the others
  const auto missing = [&](const std::string& name, const std::string& type) {
    if (missing_too) absent.push_back("column " + quoted_identifier(name) + " is missing (" + type + ")");
  };
  const auto version = actual.find(stream.version_column);
  if (version == actual.end()) {
    missing(stream.version_column, "bigint NOT NULL DEFAULT 0");
  } else if (version->second.base != "int8") {
    problems.push_back("column " + quoted_identifier(stream.version_column) + " is " + version->second.type +
                       " and should be bigint");
  } else if (!version->second.not_null && missing_too) {
    problems.push_back("column " + quoted_identifier(stream.version_column) +
                       " allows NULL, against which no version is newer (set it NOT NULL DEFAULT 0)");
  }
  for (const Column& c : stream.columns) {
    const auto at = actual.find(c.name);
    const std::string wanted = dialect.column_type(c.type, false);
    if (at == actual.end()) {
      missing(c.name, wanted);
    } else if (at->second.generated) {
      problems.push_back("column " + quoted_identifier(c.name) + " is generated and cannot be written");
    } else if (!fit_of(c.type, at->second)) {
      problems.push_back("column " + quoted_identifier(c.name) + " is " + at->second.type + " and should be " + wanted);
    }
  }
  if (!stream.touched_column.empty()) {
    const auto touched = actual.find(stream.touched_column);
    if (touched == actual.end()) {
      missing(stream.touched_column, "timestamptz DEFAULT now()");
    } else if (!fit_of(ColumnType::timestamp, touched->second)) {
      problems.push_back("column " + quoted_identifier(stream.touched_column) + " is " + touched->second.type +
                         " and should be timestamptz");
    }
  }
  for (const auto& [name, column] : actual) {
    if (owns(stream, name) || name == stream.version_column || name == stream.touched_column) continue;
    if (column.not_null && !column.has_default && !column.generated) {
      problems.push_back("column " + quoted_identifier(name) +
                         ", which the stream does not fill, is NOT NULL and has no default");
    }
  }
  problems.insert(problems.end(), absent.begin(), absent.end());
  return problems;
}

std::string column_cast(const Fit& fit, const ActualColumn& actual) {
  std::string text = fit.value;
  if (const auto at = text.find('#'); at != std::string::npos) text.replace(at, 1, actual.cast_name);
  return text;
}

WireColumn wire_column(const Fit& fit, const ActualColumn& actual) {
  WireColumn wire{fit.wire, fit.wire, column_cast(fit, actual), "?"};
  if (fit.form == WireForm::timestamp) {
    // Days and microseconds apart: one interval of microseconds would be multiplied as a double and lose some. Whole
    // days only are divided, as openGauss divides integers to a fraction.
    wire.array_type = "bigint";
    wire.from_array =
        "(timestamp 'epoch' + ((? - ? % 86400000000) / 86400000000) * interval '1 day' + "
        "(? % 86400000000) * interval '1 microsecond') "
        "AT TIME ZONE 'UTC'";
  }
  return wire;
}

/// CHECKs on columns of the stream, NOT NULL, and what narrower types cannot hold.
std::string suspect_condition(PostgresSession& session, const Stream& stream, const std::string& quoted,
                              const ActualColumns& actual) {
  std::string text = "false";
  for (const Column& c : stream.columns) {
    const std::string name = quoted_identifier(c.name);
    const ActualColumn& found = actual.at(c.name);
    if (found.not_null) text += " OR " + name + " IS NULL";
    if (found.base == "int4") text += " OR " + name + " NOT BETWEEN -2147483648 AND 2147483647";
    if (found.base == "int2") text += " OR " + name + " NOT BETWEEN -32768 AND 32767";
  }
  for (const auto& row : session.exec(
           "SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)) FROM pg_constraint k "
           "JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) "
           "WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid",
           {quoted})) {
    bool ours = true;
    std::istringstream names(row[1].c_str());
    for (std::string name; std::getline(names, name);) {
      ours = ours && (name == stream.version_column || owns(stream, name));
    }
    if (ours) text += std::string(" OR NOT (") + row[0].c_str() + ")";
  }
  return text;
}

}  // namespace

std::optional<std::string> find_table(PostgresSession& session, const TableName& name) {
  const auto rows = session.exec(
      "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.oid = " +
      session.dialect().table_oid(name));
  if (rows.empty()) return std::nullopt;
  return quoted_table({rows[0][0].c_str(), rows[0][1].c_str()});
}

std::vector<std::string> column_problems(PostgresSession& session, const Stream& stream, const std::string& quoted,
                                         bool missing_too) {
  return problems_of(stream, actual_columns(session, quoted), missing_too);
}

std::vector<std::string> key_indexes(PostgresSession& session, const Stream& stream, const std::string& quoted) {
  std::map<std::string, std::vector<std::string>> indexes;
  // Deferrable and partial ones and those on expressions cannot be what ON CONFLICT infers.
  for (const auto& row :
       session.exec("SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                    "CROSS JOIN generate_series(0, 63) AS n "  // more columns than an index may have
                    "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] "
                    "WHERE n < i.indnkeyatts AND i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND "
                    "i.indimmediate "
                    "AND i.indpred IS NULL AND i.indexprs IS NULL",
                    {quoted})) {
    indexes[row[0].c_str()].push_back(row[1].c_str());
  }
  std::vector<std::string> key = stream.key;
  std::sort(key.begin(), key.end());
  std::vector<std::string> fitting;
  for (auto& [name, columns] : indexes) {
    std::sort(columns.begin(), columns.end());
    if (columns == key) fitting.push_back(name);
  }
  return fitting;
}

std::string shape_of(const PostgresDialect& dialect, const std::string& quoted) {
  const CatalogWords& words = dialect.catalog();
  return "(SELECT concat_ws(' ', c.oid, c.relkind" + std::string(words.table_shape) +
         ", c.relhastriggers, (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attnotnull, "
         "a.atthasdef" +
         std::string(words.column_shape) +
         "), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT "
         "a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY "
         "i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique)) FROM pg_class c WHERE c.oid = " +
         quoted_literal(quoted) + "::regclass)";
}

PostgresTable inspect_table(PostgresSession& session, const Stream& stream, const std::string& quoted) {
  PostgresTable table;
  table.quoted = quoted;
  // First: what changes from here on is noticed by the next batch.
  table.shape = session.exec("SELECT " + shape_of(session.dialect(), quoted)).at(0)[0].c_str();
  const auto facts = session.exec("SELECT c.relkind, " + std::string(session.dialect().catalog().row_security) +
                                      ", EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid "
                                      "AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 4 <> 0), c.relname "
                                      "FROM pg_class c WHERE c.oid = "
                                      "$1::regclass",
                                  {quoted});
  table.name = facts.at(0)[3].c_str();
  const std::string kind = facts.at(0)[0].c_str();
  const ActualColumns actual = actual_columns(session, quoted);
  std::vector<std::string> problems = problems_of(stream, actual, true);
  if (kind != "r" && kind != "p") problems.insert(problems.begin(), "it is not a table");
  table.key_indexes = key_indexes(session, stream, quoted);
  if (table.key_indexes.empty())
    problems.insert(problems.begin(), "no unique index is on exactly (" + key_columns(stream) + ")");
  if (!problems.empty()) {
    constexpr std::size_t kShown = 6;
    std::string message = "table " + quoted + " does not fit stream " + stream.name + ": ";
    for (std::size_t i = 0; i < std::min(problems.size(), kShown); ++i) message += (i == 0 ? "" : "; ") + problems[i];
    if (problems.size() > kShown) message += "; and " + std::to_string(problems.size() - kShown) + " more";
    message +=
        ". `forebay migrate up` adds what is missing to a backup_files of your own; change other columns by hand, or "
        "name another table or schema";
    throw DestinationFailure({FailureClass::schema, "", message});
  }
  table.partitioned = kind == "p";
  // An INSERT trigger and row-level security judge rows one by one; COPY refuses the latter.
  table.direct = !facts[0][1].as<bool>() && !facts[0][2].as<bool>();
  for (const Column& c : stream.columns) {
    const ActualColumn& found = actual.at(c.name);
    const Fit fit = *fit_of(c.type, found);
    table.direct = table.direct && fit.direct;
    table.forms.push_back(fit.form);
    table.wire.push_back(wire_column(fit, found));
  }
  table.suspect = suspect_condition(session, stream, quoted, actual);
  // COPY leaves the touched column to its default.
  if (!stream.touched_column.empty()) table.direct = table.direct && actual.at(stream.touched_column).has_default;
  return table;
}

}  // namespace forebay
