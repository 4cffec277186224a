#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "forebay/stream.hpp"

namespace forebay {

/// A stream's table as declared: `table` or `schema.table`.
struct TableName {
  std::string schema;  // empty: by the destination's search path
  std::string table;
};
TableName table_name(std::string_view declared);
/// "schema"."table", or "table" where no schema is named.
std::string quoted_table(const TableName& name);
/// What quoted_table() was made of.
TableName unquoted_table(std::string_view quoted);
/// 'text', with the quotes in it doubled: for names in catalog queries. Values are parameters.
std::string quoted_literal(std::string_view text);

/// The SQL texts in which destinations differ. Pure: no connection, no state. Tables are given quoted. Values never
/// stand in these texts, only parameters.
class Dialect {
 public:
  Dialect() = default;
  Dialect(const Dialect&) = delete;
  Dialect& operator=(const Dialect&) = delete;
  virtual ~Dialect() = default;

  /// The folder under sql/: "postgres", "sqlite".
  virtual std::string_view name() const = 0;
  virtual std::string column_type(ColumnType type, bool in_key) const = 0;
  /// Creates the table of a stream that is not built in, if there is none.
  std::string create_table(const Stream& stream, const std::string& table) const;
  /// INSERT of the stream's columns, its version and the touched column, from `source` (SELECT … or VALUES …, in the
  /// order of owned_columns), that replaces a row only by a newer version and only in the columns the stream owns.
  /// `more`: columns behind those, quoted.
  std::string upsert(const Stream& stream, const std::string& table, const std::string& source,
                     const std::vector<std::string>& more = {}) const;
  /// What the touched column is set to.
  virtual std::string now() const = 0;
  /// The same as a column's default.
  virtual std::string default_now() const { return now(); }

 protected:
  /// The clause that makes the INSERT an upsert with the version guard.
  virtual std::string guard(const Stream& stream, const std::string& table) const = 0;
  virtual std::string create_table_suffix() const { return {}; }
  virtual std::string column_check(const Column&) const { return {}; }
  /// Whether a column outside of the key that is never to be NULL may be declared so.
  virtual bool forbids_null(ColumnType) const { return true; }
};

/// What the batch ledger has: one that no migration has brought up to date yet has less.
struct LedgerColumns {
  bool stream = false;
  bool quarantined = false;
};
/// (stream, rows, synced, superseded, quarantined): what the table sync_batches holds of the buffer given as
/// `parameter`.
std::string select_ledger_totals(const std::string& parameter, LedgerColumns has);

/// The stream's columns and its version column, quoted, with commas.
std::string owned_columns(const Stream& stream);
std::string key_columns(const Stream& stream);

class SqliteDialect final : public Dialect {
 public:
  std::string_view name() const override { return "sqlite"; }
  std::string column_type(ColumnType type, bool in_key) const override;
  std::string now() const override;
  std::string default_now() const override { return "(" + now() + ")"; }
  /// upsert() of one row given as parameters 1 … n (the stream's columns) and n+1 (the version).
  std::string upsert_row(const Stream& stream, const std::string& table) const;
  /// The version that the table holds for the key given as parameters 1 … k.
  std::string select_version(const Stream& stream, const std::string& table) const;

 protected:
  std::string guard(const Stream& stream, const std::string& table) const override;
  std::string create_table_suffix() const override { return " STRICT"; }
  std::string column_check(const Column& column) const override;
};

/// How one column travels to a PostgreSQL table whose column may be of a type near ours.
struct WireColumn {
  std::string type;        // of the staging table's column, and of what is sent: "bigint", "text" …
  std::string array_type;  // what is sent for unnest
  std::string value;  // the target's value, '?' standing for the column: "?", "CAST(? AS mood)", "? AT TIME ZONE 'UTC'"
  std::string from_array;  // the wire type from an element of the array, '?' standing for it
};

/// What of the catalogs only some of the servers have, as pieces of queries.
struct CatalogWords {
  std::string_view has_default;      // of pg_attribute a with pg_type t: the column fills itself
  std::string_view generated;        // of pg_attribute a
  std::string_view always_identity;  // of pg_attribute a: takes no value
  std::string_view equal_texts;      // of pg_collation l: different texts are equal in it
  std::string_view row_security;     // of pg_class c: judges the rows of who asks
  std::string_view partitioned;      // of pg_class c
  std::string_view table_shape;      // of pg_class c: what else counts when a table is looked at; begins with a comma
  std::string_view column_shape;     // of pg_attribute a: likewise
  std::string_view awaits_standby = "false";  // of pg_stat_activity a: its COMMIT waits for a synchronous standby
};

/// How long a server lets things take, in milliseconds.
struct TimeLimits {
  std::int64_t statement, lock, idle;
};

/// Statements before and after another.
struct Around {
  std::string_view before, after;
};

/// PostgreSQL, and the base of what is near it (dialect_citus.hpp, dialect_opengauss.hpp).
class PostgresDialect : public Dialect {
 public:
  std::string_view name() const override { return "postgres"; }
  std::string column_type(ColumnType type, bool in_key) const override;
  std::string now() const override { return "now()"; }

  /// See postgres_settings.hpp.
  virtual std::string own_settings() const;
  virtual std::string search_path_expression() const;
  /// SET LOCAL statements of a transaction, with "; " between them.
  virtual std::string time_limits(TimeLimits limits) const;
  /// The same of the wait for a lock alone; empty where a role may not say.
  virtual std::string lock_limit(std::int64_t ms) const;
  virtual const CatalogWords& catalog() const;
  /// Queries of one value, which tells a server from one that takes its place; the first that a role may ask
  /// counts.
  virtual std::vector<std::string> server_identities() const;
  /// An expression: the oid of the table of that name, by the search path where no schema is named; NULL if none is.
  virtual std::string table_oid(const TableName& name) const;
  /// What count_superseded() wants before it to be planned row by row, and after it; both empty where it is anyway.
  virtual Around planned_by_row() const { return {}; }
  /// Whether upsert() meets rows of its key only, and not of whatever else is unique.
  virtual bool upsert_names_its_key() const { return true; }
  /// Whether its tables may have their rows on other servers.
  virtual bool may_distribute() const { return false; }
  /// Whether what only its own catalogs tell is asked for: event triggers, policies of row-level security, transaction
  /// IDs and standbys that run out, partitions by where a row lies.
  virtual bool catalogs_are_known() const { return true; }
  /// Whether a varchar's length may count bytes.
  virtual bool may_count_bytes() const { return false; }
  /// A table that create_stage() can make in a transaction's turn `number`.
  virtual std::string stage_name(std::size_t number, const std::vector<WireColumn>& columns) const;
  /// What makes many tries with a few of a stage's rows each quick; empty where a stage outlives its batch.
  virtual std::string index_stage(const std::string& stage) const;

  /// Binary COPY of `columns` (quoted, with commas).
  std::string copy_in(const std::string& table, const std::string& columns) const;
  virtual std::string create_stage(const std::string& stage, const std::vector<WireColumn>& columns) const;
  /// The columns of a stage, for copy_in() with n behind them: c1 …, row_version, span.
  std::string stage_columns(std::size_t columns) const;
  /// (n, "ctid i j …") of a stage's rows that meet some of these conditions on the table's columns, in order; i, j: the
  /// indexes of those that they meet.
  std::string select_suspects(const Stream& stream, const std::string& stage, const std::vector<WireColumn>& columns,
                              const std::vector<std::string>& conditions) const;
  /// FROM item: the stage's rows first … last, by their column n.
  std::string stage_rows(const std::string& stage, std::size_t first, std::size_t last) const;
  /// FROM item with the columns of a stage, made of array parameters $1 … $n, $n+1 (versions), $n+2 (spans): for roles
  /// that may not create temporary tables.
  std::string unnest_item(const std::vector<WireColumn>& columns) const;
  /// Upsert of what a FROM item with a stage's columns holds, in key order. `repeated`: columns (quoted) that each row
  /// takes from the one of its key that is there; where none is they are NULL.
  std::string upsert_from(const Stream& stream, const std::string& table, const std::string& item,
                          const std::vector<WireColumn>& columns, const std::vector<std::string>& repeated = {}) const;
  /// (span, rows): how many of the item's rows have a newer version in the table.
  std::string count_superseded(const Stream& stream, const std::string& table, const std::string& item,
                               const std::vector<WireColumn>& columns) const;

  /// (there, older, equal, newer): what the table has of the keys in the arrays $1 … $k, at the versions in $k+1.
  /// `key`: the key's columns, in its order.
  std::string compare_versions(const Stream& stream, const std::string& table,
                               const std::vector<WireColumn>& key) const;

  /// The numbers in $k+2 of those keys in the arrays $1 … $k that the table has, at the versions in $k+1 or newer ones.
  std::string select_kept(const Stream& stream, const std::string& table, const std::vector<WireColumn>& key) const;

  /// Locks (buffer, segment) pairs, hashed and in order: $1 is an array of numbers.
  std::string lock_ranges() const;
  /// Landed spans (first_row, last_row, synced, superseded, quarantined) that touch $3 … $4 of buffer $1, segment $2.
  std::string select_landed(const std::string& ledger) const;
  /// One ledger row per element of the arrays $1 … $6 (buffer, segment, first, last, synced, superseded), $8
  /// (stream) and $9 (quarantined), and reason $7.
  std::string insert_ledger(const std::string& ledger) const;
  /// How many of those rows are there as they were inserted. The times are not looked at, which nothing reads.
  std::string count_noted(const std::string& ledger) const;

 protected:
  std::string guard(const Stream& stream, const std::string& table) const override;
  /// What an upsert sets the touched column of a row to that it replaces; `column`: its quoted name.
  virtual std::string touched_now(const std::string&) const { return now(); }
  /// The columns of a stage, as CREATE TABLE wants them.
  std::string stage_definition(const std::vector<WireColumn>& columns) const;
  struct ArrayColumn {
    std::string array, name;  // "$1::bigint[]", "c1"
  };
  /// "FROM … AS s JOIN table AS t ON …": keys in the arrays $1 … $k, with these further arrays, and their rows in the
  /// table.
  std::string from_keys(const Stream& stream, const std::string& table, const std::vector<WireColumn>& key,
                        const std::vector<ArrayColumn>& more) const;
  /// FROM item: what insert_ledger() is given, as rows.
  std::string ledger_entries(const std::string& alias) const;
  /// FROM item: parallel arrays as rows.
  virtual std::string unnested(const std::vector<ArrayColumn>& arrays, const std::string& alias) const;
};

}  // namespace forebay
