#include "sink/postgres/dialect_opengauss.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>

namespace forebay {

std::string_view to_string(UpsertForm form) noexcept {
  constexpr std::array<std::string_view, 3> kNames = {"ON CONFLICT", "ON DUPLICATE KEY UPDATE with WHERE",
                                                      "ON DUPLICATE KEY UPDATE with VALUES() and WHERE"};
  return kNames[static_cast<std::size_t>(form)];
}

std::string OpenGaussDialect::guard(const Stream& stream, const std::string& table) const {
  if (traits_.upsert == UpsertForm::on_conflict) return PostgresDialect::guard(stream, table);
  // By the table's own name: EXCLUDED has all of its columns, too, so that a bare one would mean either.
  const std::string own = quoted_identifier(unquoted_table(table).table) + ".";
  const std::string version = quoted_identifier(stream.version_column);
  const auto inserted = [&](const std::string& column) {
    return traits_.upsert == UpsertForm::duplicate_key_values ? "VALUES(" + column + ")" : "EXCLUDED." + column;
  };

  std::string text = "ON DUPLICATE KEY UPDATE ";
  for (const Column& c : stream.columns) {
    if (std::find(stream.key.begin(), stream.key.end(), c.name) != stream.key.end()) continue;
    const std::string name = quoted_identifier(c.name);
    text += name + " = " + inserted(name) + ", ";
  }
  if (!stream.touched_column.empty()) text += quoted_identifier(stream.touched_column) + " = " + now() + ", ";
  return text + version + " = " + inserted(version) + " WHERE " + own + version + " < " + inserted(version);
}

/// There is no ON COMMIT DROP. A stage lives as long as its session and is empty after each transaction; it is named by
/// what it is made of, as the next batch may be of other types.
std::string OpenGaussDialect::create_stage(const std::string& stage, const std::vector<WireColumn>& columns) const {
  return "CREATE TEMPORARY TABLE IF NOT EXISTS " + stage + " (" + stage_definition(columns) + ") ON COMMIT DELETE ROWS";
}

std::string OpenGaussDialect::stage_name(std::size_t number, const std::vector<WireColumn>& columns) const {
  const std::string definition = stage_definition(columns);
  return PostgresDialect::stage_name(number, columns) + "_" +
         std::to_string(XXH3_64bits(definition.data(), definition.size()));
}

/// unnest() takes one array. Several in one SELECT advance together, being of one length.
std::string OpenGaussDialect::unnested(const std::vector<ArrayColumn>& arrays, const std::string& alias) const {
  std::string items;
  for (const ArrayColumn& a : arrays) items += (items.empty() ? "unnest(" : ", unnest(") + a.array + ") AS " + a.name;
  return "(SELECT " + items + ") AS " + alias;
}

std::string OpenGaussDialect::own_settings() const {
  return "SET LOCAL statement_timeout = 0; SET LOCAL search_path TO DEFAULT; SET LOCAL synchronous_commit TO DEFAULT";
}

std::string OpenGaussDialect::time_limits(TimeLimits limits) const {
  // Waits for locks end with the statement: lockwait_timeout is not for every role to set.
  std::string text = "SET LOCAL statement_timeout = " + std::to_string(limits.statement);
  if (traits_.idle_unit_ms > 0) {
    const std::int64_t units = std::max<std::int64_t>(1, limits.idle / traits_.idle_unit_ms);
    text += "; SET LOCAL idle_in_transaction_session_timeout = " + std::to_string(units);
  }
  if (traits_.upsert_to_merge) text += "; SET LOCAL enable_upsert_to_merge = 'off'";
  return text;
}

/// A 6.0.0 joins the whole table by hash: 1,246 ms for a batch at 1.2 M rows, and 31 ms so.
Around OpenGaussDialect::planned_by_row() const {
  return {"SET LOCAL enable_hashjoin = 'off'; SET LOCAL enable_mergejoin = 'off'",
          "SET LOCAL enable_hashjoin TO DEFAULT; SET LOCAL enable_mergejoin TO DEFAULT"};
}

/// As of PostgreSQL, without WITH ORDINALITY.
std::string OpenGaussDialect::search_path_expression() const {
  return "(SELECT coalesce(string_agg(quote_ident(u.s), ', ' ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_class c "
         "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = u.s AND c.relname = "
         "'forebay_migrations') DESC, u.n) || ', pg_temp', '') FROM (SELECT (current_schemas(false))[g.n] AS s, g.n "
         "FROM generate_subscripts(current_schemas(false), 1) AS g(n)) AS u WHERE u.s <> 'pg_catalog' AND "
         "left(u.s, 8) <> 'pg_temp_')";
}

const CatalogWords& OpenGaussDialect::catalog() const {
  // No identity columns, and generated ones are marked elsewhere: the server refuses to write those.
  static constexpr CatalogWords kWords = {
      "a.atthasdef OR t.typdefault IS NOT NULL",
      "false",
      "false",
      "right(l.collname::text, 3) = '_ci'",
      "coalesce(array_to_string(c.reloptions, ',') LIKE '%enable_rowsecurity=true%', false)",
      "c.relkind = 'p'",
      ", array_to_string(c.reloptions, ',')",
      ""};
  // To relkind a partitioned table is an ordinary one there.
  static constexpr CatalogWords kWithPartitions = {
      kWords.has_default,     kWords.generated,
      kWords.always_identity, kWords.equal_texts,
      kWords.row_security,    "EXISTS (SELECT 1 FROM pg_catalog.pg_partition part WHERE part.parentid = c.oid)",
      kWords.table_shape,     kWords.column_shape};
  return traits_.pg_partition ? kWithPartitions : kWords;
}

/// It shows neither its system's identifier nor a timeline to SQL. A server that was only restarted is another one,
/// then.
std::vector<std::string> OpenGaussDialect::server_identities() const {
  return {"SELECT pg_catalog.pg_postmaster_start_time()::text AS which"};
}

/// There is no to_regclass(), and a cast to regclass fails where nothing has the name.
std::string OpenGaussDialect::table_oid(const TableName& name) const {
  return "(SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE "
         "o.relname = " +
         quoted_literal(name.table) +
         (name.schema.empty() ? std::string(" AND pg_catalog.pg_table_is_visible(o.oid)")
                              : " AND s.nspname = " + quoted_literal(name.schema)) +
         ")";
}

}  // namespace forebay
