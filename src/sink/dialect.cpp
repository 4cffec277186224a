#include "sink/dialect.hpp"

#include <algorithm>
#include <utility>

#include "base/retry_numbers.hpp"

namespace forebay {

TableName table_name(std::string_view declared) {
  const auto dot = declared.find('.');
  if (dot == std::string_view::npos) return {"", std::string(declared)};
  return {std::string(declared.substr(0, dot)), std::string(declared.substr(dot + 1))};
}

std::string quoted_table(const TableName& name) {
  const std::string table = quoted_identifier(name.table);
  return name.schema.empty() ? table : quoted_identifier(name.schema) + "." + table;
}

TableName unquoted_table(std::string_view quoted) {
  TableName name;
  bool inside = false;
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    if (quoted[i] == '"') {
      inside = !inside;
      if (inside && i > 0 && quoted[i - 1] == '"') name.table += '"';  // the second of a doubled one
    } else if (quoted[i] == '.' && !inside) {
      name.schema = std::exchange(name.table, {});
    } else {
      name.table += quoted[i];
    }
  }
  return name;
}

std::string quoted_literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted += '\'';
}

std::string owned_columns(const Stream& stream) {
  std::string text;
  for (const Column& c : stream.columns) text += quoted_identifier(c.name) + ", ";
  return text += quoted_identifier(stream.version_column);
}

std::string key_columns(const Stream& stream) {
  std::string text;
  for (const std::string& k : stream.key) text += (text.empty() ? "" : ", ") + quoted_identifier(k);
  return text;
}

std::string Dialect::create_table(const Stream& stream, const std::string& table) const {
  const auto in_key = [&](const std::string& name) {
    return std::find(stream.key.begin(), stream.key.end(), name) != stream.key.end();
  };

  std::string text = "CREATE TABLE IF NOT EXISTS " + table + " (";
  for (const Column& c : stream.columns) {
    text += quoted_identifier(c.name) + " " + column_type(c.type, in_key(c.name)) +
            (c.not_null && forbids_null(c.type) ? " NOT NULL" : "") + column_check(c) + ", ";
  }
  text += quoted_identifier(stream.version_column) + " " + column_type(ColumnType::integer, false) +
          " NOT NULL DEFAULT 0, ";
  if (!stream.touched_column.empty()) {
    text += quoted_identifier(stream.touched_column) + " " + column_type(ColumnType::timestamp, false) +
            " NOT NULL DEFAULT " + default_now() + ", ";
  }
  return text + "PRIMARY KEY (" + key_columns(stream) + "))" + create_table_suffix();
}

std::string Dialect::upsert(const Stream& stream, const std::string& table, const std::string& source,
                            const std::vector<std::string>& more) const {
  std::string text = "INSERT INTO " + table + " (" + owned_columns(stream);
  if (!stream.touched_column.empty()) text += ", " + quoted_identifier(stream.touched_column);
  for (const std::string& column : more) text += ", " + column;
  return text + ") " + source + " " + guard(stream, table);
}

std::string select_ledger_totals(const std::string& parameter, LedgerColumns has) {
  // The rows of a retry were refused before: what it brings leaves the quarantine, and what is refused again is there
  // once.
  const std::string in_quarantine = "sum(CASE WHEN segment < " + std::to_string(kRetryNumbersFrom) +
                                    " THEN quarantined ELSE -synced - superseded END)";
  return std::string("SELECT ") + (has.stream ? "stream" : "''") + ", sum(rows), sum(synced), sum(superseded), " +
         (has.quarantined ? "CASE WHEN " + in_quarantine + " > 0 THEN " + in_quarantine + " ELSE 0 END" : "0") +
         " FROM sync_batches WHERE buffer = " + parameter + " GROUP BY 1 ORDER BY 1";
}

}  // namespace forebay
