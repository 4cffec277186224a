#include "sink/postgres/inspect.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <string_view>

#include "sink/ledger.hpp"
#include "sink/postgres/distribution.hpp"
#include "sink/postgres/key.hpp"
#include "sink/postgres/own_code.hpp"

namespace forebay {
namespace {

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

/// Whether a column holds what is sent to it as it is, so that a CHECK says of the one what it says of the other.
bool holds_as_sent(const Stream& stream, const std::string& name, const ActualColumns& actual) {
  const ActualColumn& found = actual.at(name);
  if (name == stream.version_column) return found.base == "int8";
  const Column* column = find_column(stream, name);
  const bool limited = found.type.find('(') != std::string::npos;  // varchar(9): cut of blanks at its end
  return fit_of(stream, *column, found)->direct && !limited && found.base != "bpchar";
}

/// CHECKs on columns of the stream, NOT NULL, and what narrower types cannot hold. With `triggers` nothing is sure, as
/// they may change a row before it is judged.
std::vector<Suspicion> suspicions_of(PostgresSession& session, const Stream& stream, const std::string& quoted,
                                     const ActualColumns& actual, bool triggers) {
  std::vector<Suspicion> found;
  for (const Column& c : stream.columns) {
    const std::string name = quoted_identifier(c.name);
    const ActualColumn& there = actual.at(c.name);
    if (there.not_null) found.push_back({name + " IS NULL", "23502", c.name, !triggers});
    if (there.base == "int4")
      found.push_back({name + " NOT BETWEEN -2147483648 AND 2147483647", "22003", "", !triggers});
    if (there.base == "int2") found.push_back({name + " NOT BETWEEN -32768 AND 32767", "22003", "", !triggers});
  }

  for (const auto& row : session.exec(
           "SELECT min(pg_get_expr(k.conbin, k.conrelid)), string_agg(a.attname, chr(10)), min(k.conname::text) FROM "
           "pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) "
           "WHERE k.conrelid = $1::regclass AND k.contype = 'c' GROUP BY k.oid ORDER BY k.oid",
           {quoted})) {
    bool ours = true;
    bool sure = !triggers;
    std::istringstream names(row[1].c_str());
    for (std::string name; ours && std::getline(names, name);) {
      ours = name == stream.version_column || owns(stream, name);
      sure = sure && ours && holds_as_sent(stream, name, actual);
    }
    if (ours) found.push_back({std::string("NOT (") + row[0].c_str() + ")", "23514", row[2].c_str(), sure});
  }
  return found;
}

/// Whose a table is: forebay's or a stream's, or somebody's own that `forebay migrate up` has adopted, or would.
enum class Origin : std::uint8_t { ours, adopted, adoptable };

Origin origin_of(PostgresSession& session, const Stream& stream) {
  const std::optional<Migration> maker = maker_of(session.dialect().name(), stream.table);
  if (!maker || maker->adopt.empty()) return Origin::ours;
  if (!find_table(session, {"", "forebay_migrations"})) return Origin::adoptable;
  const auto applied =
      session.exec("SELECT adopted FROM forebay_migrations WHERE \"number\" = $1", {std::to_string(maker->number)});
  if (applied.empty()) return Origin::adoptable;
  return applied[0][0].as<bool>() ? Origin::adopted : Origin::ours;
}

/// Of a table and those below it. A partitioned one holds no rows, whatever it says of itself.
std::vector<std::string> unlogged_tables(PostgresSession& session, const std::string& quoted) {
  std::vector<std::string> found;
  for (const auto& row : session.exec(
           "WITH RECURSIVE tree (oid) AS (SELECT $1::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN "
           "tree ON i.inhparent = tree.oid) SELECT n.nspname, c.relname FROM pg_class c JOIN tree ON c.oid = tree.oid "
           "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY "
           "1, 2",
           {quoted}))
    found.push_back(quoted_table({row[0].c_str(), row[1].c_str()}));
  return found;
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

std::vector<std::string> key_indexes(PostgresSession& session, const Stream& stream, const std::string& quoted) {
  std::map<std::string, std::vector<std::string>> indexes;
  // Deferrable and partial ones and those on expressions cannot be what ON CONFLICT infers.
  for (const auto& row :
       session.exec("SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                    "CROSS JOIN generate_series(0, 63) AS n "  // more columns than an index may have
                    "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] "
                    "WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND i.indisunique "
                    "AND i.indisvalid AND "
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

// By openGauss's sources every unique index counts whose columns are given or filled by a default, and none of their
// columns may be assigned. An index is in nobody's way that holds no column that is assigned, and then either the whole
// key, or a column that forebay leaves to a sequence (a serial id) or to NULL, which is equal to nothing, or that an
// INSERT repeats from the row of its key. Exclusion constraints are met like those, and with a deferrable one there is
// no upsert at all (execUtils.cpp). indnkeyatts may be NULL at a server that was upgraded.
std::vector<Misfit> rivals_of_key(PostgresSession& session, const Stream& stream, const std::string& quoted,
                                  const std::vector<std::string>& repeated) {
  std::vector<Misfit> rivals;
  if (session.dialect().upsert_names_its_key() || stream.key.empty()) return rivals;

  struct Index {
    bool constraint = false;
    bool assigned = false;
    bool never_met = false;
    bool never_passed = false;
    std::size_t of_key = 0;
  };
  std::map<std::string, Index> indexes;
  for (const auto& row : session.exec(
           "SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid), EXISTS (SELECT 1 FROM pg_constraint k WHERE "
           "k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')), i.indisexclusion OR NOT i.indimmediate "
           "FROM pg_index i "
           "JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(0, 63) AS n "
           "LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] "  // none: an expression
           "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
           "WHERE n < coalesce(i.indnkeyatts, i.indnatts) AND i.indrelid = $1::regclass AND (i.indisunique OR "
           "i.indisexclusion)",
           {quoted})) {
    Index& index = indexes[row[0].c_str()];
    index.constraint = row[3].as<bool>();
    index.never_passed = row[4].as<bool>();
    const std::string column = row[1].c_str();
    if (std::find(stream.key.begin(), stream.key.end(), column) != stream.key.end()) {
      ++index.of_key;
    } else if (row[1].is_null() || owns(stream, column) || column == stream.version_column ||
               column == stream.touched_column) {
      index.assigned = true;
    } else if (std::find(repeated.begin(), repeated.end(), quoted_identifier(column)) != repeated.end() ||
               row[2].is_null() || std::string_view(row[2].c_str()).starts_with("nextval(")) {
      index.never_met = true;
    }
  }

  for (const auto& [name, index] : indexes) {
    if (index.never_passed || index.assigned || (index.of_key < stream.key.size() && !index.never_met))
      rivals.push_back(rival_misfit(quoted, name, index.constraint, index.never_passed));
  }
  return rivals;
}

std::string shape_of(const PostgresDialect& dialect, const std::string& quoted, bool own_code) {
  const CatalogWords& words = dialect.catalog();
  return "(SELECT concat_ws(' ', c.oid, c.relkind" + std::string(words.table_shape) +
         ", c.relhastriggers, c.relhasrules, c.relhassubclass" + (own_code ? ", " + own_code_shape(quoted) : "") +
         ", (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, "
         "a.atthasdef" +
         std::string(words.column_shape) +
         "), ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT "
         "a.attisdropped), (SELECT string_agg(concat_ws(' ', i.indexrelid, i.indisvalid, i.indimmediate), ',' ORDER BY "
         "i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))) FROM "
         "pg_class c WHERE "
         "c.oid = " +
         quoted_literal(quoted) + "::regclass)";
}

std::vector<Misfit> unsafe_misfits(PostgresSession& session, const Stream& stream, const std::string& quoted) {
  std::vector<Misfit> misfits = rule_misfits(session, stream, quoted);
  const std::vector<Misfit> of_key = key_column_misfits(session, stream, quoted, key_indexes(session, stream, quoted));
  misfits.insert(misfits.end(), of_key.begin(), of_key.end());
  return misfits;
}

std::vector<std::string> repeated_columns(const Stream& stream, const ActualColumns& actual) {
  // A set is made by whoever has more to say of it; of a file the scanner knows all.
  if (stream.table != backup_sets_stream().table || unfilled_columns(stream, actual).empty()) return {};
  std::vector<std::string> repeated;
  for (const std::string& name : other_columns(stream, actual)) repeated.push_back(quoted_identifier(name));
  return repeated;
}

namespace {

/// All that keeps the stream's rows out, gravest first. Notes in `table` what was found on the way.
std::vector<Misfit> find_misfits(PostgresSession& session, const Stream& stream, const std::string& kind,
                                 const ActualColumns& actual, PostgresTable& table) {
  if (kind != "r" && kind != "p") return {{"it is not a table", "", "rename it, or name another table", false}};

  std::vector<std::string> unfilled = unfilled_columns(stream, actual);
  if (!unfilled.empty() && origin_of(session, stream) == Origin::adopted) {
    table.repeated = repeated_columns(stream, actual);
    if (!table.repeated.empty()) unfilled.clear();
  }

  const std::vector<Misfit> of_columns =
      column_misfits(session.dialect(), stream, table.quoted, actual, true, unfilled);
  table.key_indexes = key_indexes(session, stream, table.quoted);
  const std::vector<Misfit> unsafe = unsafe_misfits(session, stream, table.quoted);
  const Distribution distribution = distribution_of(session, stream, table.quoted);
  table.distributed = distribution.distributed;
  table.constraints = distribution.constraints;
  // Where Citus keeps none, an index on the key cannot be made.
  std::vector<Misfit> of_key = distribution.misfits;
  if (of_key.empty() && table.key_indexes.empty() && !stream.key.empty()) of_key = {key_misfit(stream, table.quoted)};

  const std::vector<Misfit> rivals = rivals_of_key(session, stream, table.quoted, table.repeated);
  std::vector<Misfit> misfits;
  for (const auto& some : {rivals, of_key, unsafe, of_columns}) misfits.insert(misfits.end(), some.begin(), some.end());
  return misfits;
}

/// How each column is sent, and whether rows can be copied straight into the table.
void set_forms(const Stream& stream, const ActualColumns& actual, bool row_security, PostgresTable& table) {
  // An INSERT trigger and row-level security judge rows one by one; COPY refuses the latter.
  table.direct = !row_security && !table.triggers.on_insert && table.repeated.empty();
  for (const Column& c : stream.columns) {
    const ActualColumn& found = actual.at(c.name);
    const Fit fit = *fit_of(stream, c, found);
    table.direct = table.direct && fit.direct;
    table.forms.push_back(fit.form);
    table.wire.push_back(wire_column(fit, found));
  }
  // COPY leaves the touched column to its default.
  if (!stream.touched_column.empty()) table.direct = table.direct && actual.at(stream.touched_column).has_default;
}

}  // namespace

PostgresTable inspect_table(PostgresSession& session, const Stream& stream, const std::string& quoted) {
  PostgresTable table;
  table.quoted = quoted;
  // First: what changes from here on is noticed by the next batch.
  const auto code = session.exec(
      "SELECT c.relhastriggers OR c.relhasrules OR c.relhassubclass FROM pg_class c WHERE c.oid = $1::regclass",
      {quoted});
  table.may_have_own_code = code.at(0)[0].as<bool>();
  table.shape = session.exec("SELECT " + shape_of(session.dialect(), quoted, table.may_have_own_code)).at(0)[0].c_str();

  const auto facts = session.exec("SELECT c.relkind, " + std::string(session.dialect().catalog().row_security) +
                                      ", c.relname, " + std::string(session.dialect().catalog().partitioned) +
                                      " FROM pg_class c WHERE c.oid = $1::regclass",
                                  {quoted});
  table.name = facts.at(0)[2].c_str();
  table.partitioned = facts[0][3].as<bool>();

  const ActualColumns actual = actual_columns(session, quoted);
  const std::vector<Misfit> misfits = find_misfits(session, stream, facts[0][0].c_str(), actual, table);
  if (!misfits.empty())
    throw DestinationFailure(misfit_failure(stream, quoted, misfits, origin_of(session, stream) == Origin::adoptable));

  table.triggers = own_triggers(session, quoted);
  table.key_limits = key_limits(session, stream, quoted);
  table.unlogged = unlogged_tables(session, quoted);
  set_forms(stream, actual, facts[0][1].as<bool>(), table);
  table.suspicions = suspicions_of(session, stream, quoted, actual, table.triggers.on_insert);
  return table;
}

Failure missing_table(PostgresSession& session, const Migration& maker, const std::string& name) {
  // Renamed with a table, an index keeps its name.
  const auto renamed = session.exec("SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = " +
                                    session.dialect().table_oid({"", name + "_key"}));

  std::string message = "table " + name + ", which migration " + std::to_string(maker.number) + " " + maker.name +
                        " made, is not there; ";
  if (renamed.empty()) {
    message +=
        "if it was renamed or moved to another schema, put it back, else `forebay migrate up` makes it again, empty";
  } else {
    message += "it seems to have been renamed: ALTER TABLE " + std::string(renamed[0][0].c_str()) + " RENAME TO " +
               quoted_identifier(name);
  }
  return {FailureClass::schema, "", message};
}

}  // namespace forebay
