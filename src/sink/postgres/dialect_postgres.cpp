#include <algorithm>

#include "sink/dialect.hpp"
#include "sink/postgres/settings.hpp"

namespace forebay {

namespace {

std::string filled(const std::string& pattern, const std::string& with) {
  std::string text;
  for (const char c : pattern) {
    if (c == '?') {
      text += with;
    } else {
      text += c;
    }
  }
  return text;
}

std::string stage_column(std::size_t index) { return "c" + std::to_string(index + 1); }

/// That row t of the table has the key of row s of a stage.
std::string same_key(const Stream& stream, const std::vector<WireColumn>& columns) {
  std::string text;
  for (const std::size_t k : stream.key_indexes()) {
    text += (text.empty() ? "t." : " AND t.") + quoted_identifier(stream.columns[k].name) + " = " +
            filled(columns[k].value, "s." + stage_column(k));
  }
  return text;
}

std::string parameter(std::size_t number, const std::string& type) {
  return "$" + std::to_string(number) + "::" + type + "[]";
}

}  // namespace

std::string PostgresDialect::column_type(ColumnType type, bool in_key) const {
  switch (type) {
    case ColumnType::integer:
      return "bigint";
    case ColumnType::real:
      return "double precision";
    case ColumnType::boolean:
      return "boolean";
    case ColumnType::timestamp:
      return "timestamptz";
    case ColumnType::json:
      return "jsonb";
    case ColumnType::bytes:
      return "bytea";
    case ColumnType::text:
      break;
  }
  return in_key ? "text COLLATE \"C\"" : "text";
}

std::string PostgresDialect::guard(const Stream& stream, const std::string& table) const {
  const std::string version = quoted_identifier(stream.version_column);
  std::string text = "ON CONFLICT (" + key_columns(stream) + ") DO UPDATE SET ";
  for (const Column& c : stream.columns) {
    if (std::find(stream.key.begin(), stream.key.end(), c.name) != stream.key.end()) continue;
    const std::string name = quoted_identifier(c.name);
    text += name + " = EXCLUDED." + name + ", ";
  }

  text += version + " = EXCLUDED." + version;
  if (!stream.touched_column.empty()) {
    const std::string touched = quoted_identifier(stream.touched_column);
    text += ", " + touched + " = " + touched_now(touched);
  }
  return text + " WHERE " + table + "." + version + " < EXCLUDED." + version;
}

std::string PostgresDialect::copy_in(const std::string& table, const std::string& columns) const {
  // Quoted: openGauss up to 5.0.1, and with the plugin dolphin 6.0.0, takes the word alone for a syntax error.
  return "COPY " + table + " (" + columns + ") FROM STDIN (FORMAT 'binary')";
}

std::string PostgresDialect::stage_definition(const std::vector<WireColumn>& columns) const {
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i) text += stage_column(i) + " " + columns[i].type + ", ";
  return text + "row_version bigint, span integer, n integer";
}

std::string PostgresDialect::create_stage(const std::string& stage, const std::vector<WireColumn>& columns) const {
  // Named with pg_temp where used: nothing else of that name can stand before it.
  return "CREATE TEMPORARY TABLE " + stage + " (" + stage_definition(columns) + ") ON COMMIT DROP";
}

std::string PostgresDialect::stage_name(std::size_t number, const std::vector<WireColumn>&) const {
  return "forebay_stage_" + std::to_string(number);
}

std::string PostgresDialect::index_stage(const std::string& stage) const { return "CREATE INDEX ON " + stage + " (n)"; }

std::string PostgresDialect::stage_columns(std::size_t columns) const {
  std::string text;
  for (std::size_t i = 0; i < columns; ++i) text += stage_column(i) + ", ";
  return text + "row_version, span";
}

std::string PostgresDialect::stage_rows(const std::string& stage, std::size_t first, std::size_t last) const {
  return "(SELECT * FROM " + stage + " WHERE n BETWEEN " + std::to_string(first) + " AND " + std::to_string(last) + ")";
}

std::string PostgresDialect::select_suspects(const Stream& stream, const std::string& stage,
                                             const std::vector<WireColumn>& columns,
                                             const std::vector<std::string>& conditions) const {
  std::string kind;
  std::string any;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    kind += ", CASE WHEN " + conditions[i] + " THEN '" + std::to_string(i) + "' END";
    any += (i == 0 ? "" : " OR ") + conditions[i];
  }

  std::string text = "SELECT n, concat_ws(' ', place" + kind + ") FROM (SELECT n, ctid AS place, ";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    text += filled(columns[i].value, stage_column(i)) + " AS " + quoted_identifier(stream.columns[i].name) + ", ";
  }
  return text + "row_version AS " + quoted_identifier(stream.version_column) + " FROM " + stage + ") AS s WHERE " +
         any + " ORDER BY n";
}

std::string PostgresDialect::unnested(const std::vector<ArrayColumn>& arrays, const std::string& alias) const {
  std::string items;
  std::string names;
  for (const ArrayColumn& a : arrays) {
    items += (items.empty() ? "" : ", ") + a.array;
    names += (names.empty() ? "" : ", ") + a.name;
  }
  return "unnest(" + items + ") AS " + alias + "(" + names + ")";
}

std::string PostgresDialect::unnest_item(const std::vector<WireColumn>& columns) const {
  std::string select;
  std::vector<ArrayColumn> arrays;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string column = stage_column(i);
    select += filled(columns[i].from_array, "a." + column) + " AS " + column + ", ";
    arrays.push_back({parameter(i + 1, columns[i].array_type), column});
  }
  arrays.push_back({parameter(columns.size() + 1, "bigint"), "row_version"});
  arrays.push_back({parameter(columns.size() + 2, "integer"), "span"});
  return "(SELECT " + select + "a.row_version, a.span FROM " + unnested(arrays, "a") + ")";
}

std::string PostgresDialect::upsert_from(const Stream& stream, const std::string& table, const std::string& item,
                                         const std::vector<WireColumn>& columns,
                                         const std::vector<std::string>& repeated) const {
  std::string source = "SELECT ";
  for (std::size_t i = 0; i < columns.size(); ++i) source += filled(columns[i].value, "s." + stage_column(i)) + ", ";
  source += "s.row_version";
  if (!stream.touched_column.empty()) source += ", " + now();
  for (const std::string& column : repeated) source += ", t." + column;
  source += " FROM " + item + " AS s";
  if (!repeated.empty()) source += " LEFT JOIN " + table + " AS t ON " + same_key(stream, columns);

  source += " ORDER BY ";
  // The order of the direct COPY, which sorts bytes: two batches must never meet in opposite orders.
  bool first = true;
  for (const std::size_t k : stream.key_indexes()) {
    if (!first) source += ", ";
    first = false;
    source += "s." + stage_column(k);
    if (stream.columns[k].type == ColumnType::text) source += " COLLATE \"C\"";
  }
  return upsert(stream, table, source, repeated);
}

std::string PostgresDialect::count_superseded(const Stream& stream, const std::string& table, const std::string& item,
                                              const std::vector<WireColumn>& columns) const {
  return "SELECT s.span, count(*) FROM " + item + " AS s JOIN " + table + " AS t ON " + same_key(stream, columns) +
         " AND t." + quoted_identifier(stream.version_column) + " > s.row_version GROUP BY s.span";
}

std::string PostgresDialect::from_keys(const Stream& stream, const std::string& table,
                                       const std::vector<WireColumn>& key, const std::vector<ArrayColumn>& more) const {
  std::string select;
  std::vector<ArrayColumn> arrays;
  std::string same;
  for (std::size_t k = 0; k < key.size(); ++k) {
    const std::string column = stage_column(k);
    select += (k == 0 ? "" : ", ") + filled(key[k].from_array, "a." + column) + " AS " + column;
    arrays.push_back({parameter(k + 1, key[k].array_type), column});
    same += (k == 0 ? "" : " AND ") + ("t." + quoted_identifier(stream.key[k])) + " = " +
            filled(key[k].value, "s." + column);
  }

  for (const ArrayColumn& array : more) {
    select += ", a." + array.name;
    arrays.push_back(array);
  }

  // Not an outer join: to make one, Citus brings the whole table to the coordinator.
  return "FROM (SELECT " + select + " FROM " + unnested(arrays, "a") + ") AS s JOIN " + table + " AS t ON " + same;
}

std::string PostgresDialect::compare_versions(const Stream& stream, const std::string& table,
                                              const std::vector<WireColumn>& key) const {
  const std::string there = "t." + quoted_identifier(stream.version_column);
  const auto count = [](const std::string& condition) { return "count(CASE WHEN " + condition + " THEN 1 END)"; };
  return "SELECT count(*), " + count(there + " < s.row_version") + ", " + count(there + " = s.row_version") + ", " +
         count(there + " > s.row_version") + " " +
         from_keys(stream, table, key, {{parameter(key.size() + 1, "bigint"), "row_version"}});
}

std::string PostgresDialect::select_kept(const Stream& stream, const std::string& table,
                                         const std::vector<WireColumn>& key) const {
  return "SELECT s.n " +
         from_keys(stream, table, key,
                   {{parameter(key.size() + 1, "bigint"), "row_version"}, {parameter(key.size() + 2, "bigint"), "n"}}) +
         " AND t." + quoted_identifier(stream.version_column) + " >= s.row_version";
}

std::string PostgresDialect::lock_ranges() const {
  return "SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS r(k)";
}

std::string PostgresDialect::select_landed(const std::string& ledger) const {
  return "SELECT first_row, last_row, synced, superseded, quarantined FROM " + ledger +
         " WHERE buffer = $1 AND segment = $2 AND first_row <= $4 AND last_row >= $3 ORDER BY first_row";
}

std::string PostgresDialect::insert_ledger(const std::string& ledger) const {
  return "INSERT INTO " + ledger +
         " (buffer, segment, first_row, last_row, rows, synced, superseded, reason, started_at, committed_at, stream, "
         "quarantined) SELECT r.buffer, r.segment, r.first_row, r.last_row, r.last_row - r.first_row + 1, r.synced, "
         "r.superseded, $7, now(), clock_timestamp(), r.stream, r.quarantined FROM " +
         ledger_entries("r");
}

std::string PostgresDialect::count_noted(const std::string& ledger) const {
  std::string same;
  for (const char* column :
       {"buffer", "segment", "first_row", "last_row", "synced", "superseded", "stream", "quarantined"})
    same += std::string("l.") + column + " = r." + column + " AND ";
  return "SELECT count(*) FROM " + ledger_entries("r") + " JOIN " + ledger + " AS l ON " + same +
         "l.rows = r.last_row - r.first_row + 1 AND l.reason = $7";
}

std::string PostgresDialect::ledger_entries(const std::string& alias) const {
  return unnested({{parameter(1, "text"), "buffer"},
                   {parameter(2, "bigint"), "segment"},
                   {parameter(3, "bigint"), "first_row"},
                   {parameter(4, "bigint"), "last_row"},
                   {parameter(5, "bigint"), "synced"},
                   {parameter(6, "bigint"), "superseded"},
                   {parameter(8, "text"), "stream"},
                   {parameter(9, "bigint"), "quarantined"}},
                  alias);
}

/// The timeline of what is written now: pg_control_checkpoint() has the one of the last checkpoint, which a server that
/// was just promoted has yet to make.
std::vector<std::string> PostgresDialect::server_identities() const {
  return {
      "SELECT concat_ws('/', s.system_identifier, CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN "
      "left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8) END) AS which FROM "
      "pg_catalog.pg_control_system() AS s",
      "SELECT pg_catalog.pg_postmaster_start_time()::text AS which"};
}

std::string PostgresDialect::own_settings() const { return forebay::own_settings(); }

std::string PostgresDialect::search_path_expression() const { return std::string(forebay::search_path_expression()); }

std::string PostgresDialect::time_limits(TimeLimits limits) const {
  return "SET LOCAL statement_timeout = " + std::to_string(limits.statement) + "; " + lock_limit(limits.lock) +
         // A connection that died without a sign must not hold its locks for ever: the batch's range is one.
         "; SET LOCAL idle_in_transaction_session_timeout = " + std::to_string(limits.idle);
}

std::string PostgresDialect::lock_limit(std::int64_t ms) const {
  return "SET LOCAL lock_timeout = " + std::to_string(ms);
}

const CatalogWords& PostgresDialect::catalog() const {
  static constexpr CatalogWords kWords = {"a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL",
                                          "a.attgenerated <> ''",
                                          "a.attidentity = 'a'",
                                          "NOT l.collisdeterministic",
                                          "row_security_active(c.oid)",
                                          "c.relkind = 'p'",
                                          ", c.relrowsecurity, c.relforcerowsecurity",
                                          ", a.attidentity, a.attgenerated",
                                          "coalesce(a.wait_event = 'SyncRep', false)"};
  return kWords;
}

std::string PostgresDialect::table_oid(const TableName& name) const {
  return "to_regclass(" + quoted_literal(quoted_table(name)) + ")";
}

}  // namespace forebay
