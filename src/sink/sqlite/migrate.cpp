#include <algorithm>
#include <array>
#include <map>

#include "base/stream_columns.hpp"
#include "sink/dialect.hpp"
#include "sink/migrations.hpp"
#include "sink/sqlite/catalog.hpp"
#include "sink/sqlite/own_code.hpp"
#include "sink/sqlstate.hpp"
#include "sqlite/statement.hpp"

namespace forebay {
namespace {

bool table_exists(SqliteConnection& db, std::string_view table) {
  SqliteStatement found(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1",
                        SqliteStatement::Life::once);
  found.bind_text(1, table);
  return found.step();
}

std::vector<AppliedMigration> applied(SqliteConnection& db) {
  std::vector<AppliedMigration> rows;
  if (!table_exists(db, "forebay_migrations")) return rows;
  SqliteStatement all(db, "SELECT number, name, checksum, applied_at FROM forebay_migrations ORDER BY number",
                      SqliteStatement::Life::once);
  while (all.step()) {
    rows.push_back({static_cast<int>(all.column_integer(0)), std::string(all.column_text(1)),
                    std::string(all.column_text(2)), std::string(all.column_text(3)), false});
  }
  return rows;
}

/// Runs `change` in a write transaction; what SQLite throws becomes a DestinationFailure, and nothing is changed.
template <typename Change>
auto in_transaction(SqliteConnection& db, Change change) {
  try {
    db.exec("BEGIN IMMEDIATE");
    auto result = change();
    db.exec("COMMIT");
    return result;
  } catch (const DestinationFailure&) {
    db.rollback();
    throw;
  } catch (const Error&) {
    Failure failure = sqlite_failure(db, false);
    db.rollback();
    throw DestinationFailure(std::move(failure));
  }
}

/// SQLite's own rule for a column's affinity, narrowed to what keeps our values as they are. `strict`: the table is.
bool type_fits(const std::string& wanted, std::string declared, bool strict) {
  std::transform(declared.begin(), declared.end(), declared.begin(), [](unsigned char c) { return std::toupper(c); });
  const auto has = [&](const char* word) { return declared.find(word) != std::string::npos; };
  // Elsewhere ANY is a type like any word: of numbers, so that the text 007 becomes 7.
  if (declared == "ANY") return strict || (wanted != "TEXT" && wanted != "BLOB");
  if (wanted == "INTEGER") return has("INT");
  if (wanted == "TEXT") return !has("INT") && (has("CHAR") || has("CLOB") || has("TEXT"));
  if (wanted == "REAL") return has("REAL") || has("FLOA") || has("DOUB");
  return declared.empty() || has("BLOB");
}

/// What makes different keys equal: a collation of a column, or of a unique index on exactly the key.
std::vector<std::string> collation_problems(SqliteConnection& db, const Stream& stream,
                                            const std::vector<std::string>& key_indexes) {
  std::vector<std::string> problems;
  const auto check = [&](const std::string& what, std::string_view collation) {
    if (collation == "BINARY") return;
    problems.push_back(what + " has collation " + std::string(collation) + ", in which different texts are equal");
  };

  for (const std::string& name : stream.key) {
    const char* collation = nullptr;
    const int found = sqlite3_table_column_metadata(db.handle(), "main", stream.table.c_str(), name.c_str(), nullptr,
                                                    &collation, nullptr, nullptr, nullptr);
    if (found == SQLITE_OK) check("the key's column " + quoted_identifier(name), collation);
  }

  for (const std::string& index : key_indexes) {
    SqliteStatement columns(db, "SELECT coll FROM pragma_index_xinfo(?1) WHERE key", SqliteStatement::Life::once);
    columns.bind_text(1, index);
    while (columns.step()) check("unique index " + quoted_identifier(index), columns.column_text(0));
  }
  return problems;
}

}  // namespace

std::vector<MigrationState> catalog_states(SqliteConnection& db) {
  std::vector<MigrationState> states;
  const std::vector<AppliedMigration> rows = applied(db);
  for (const Migration& m : migrations_of("sqlite")) {
    const AppliedMigration* at = find_applied(rows, m.number);
    states.push_back({m.number, m.name, at != nullptr, at != nullptr && at->checksum != m.checksum,
                      at != nullptr ? at->applied_at : ""});
  }
  return states;
}

void check_catalog_has(SqliteConnection& db, const std::string& table) {
  if (table_exists(db, table)) return;
  const std::optional<Migration> maker = maker_of("sqlite", table);
  if (!maker) return;
  throw DestinationFailure(
      {FailureClass::schema, "",
       "table " + table + " of sqlite:" + db.name() + ", which " + number_and_name(maker->number, maker->name) +
           " made, is not there; if it was renamed, rename it back, else `forebay migrate up` makes it again, empty"});
}

std::vector<std::string> catalog_up(SqliteConnection& db, bool make_again) {
  const std::vector<Migration> known = migrations_of("sqlite");
  // Whose table is there no more, or is to be changed again as it is made again.
  const auto is_lost = [&](const Migration& m) {
    std::vector<std::string> tables = m.tables();
    if (!m.alters().empty()) tables.push_back(m.alters());
    return make_again && std::any_of(tables.begin(), tables.end(), [&](const auto& t) { return !table_exists(db, t); });
  };
  const auto pending = [&](const std::vector<AppliedMigration>& rows) {
    return std::any_of(known.begin(), known.end(),
                       [&](const Migration& m) { return find_applied(rows, m.number) == nullptr || is_lost(m); });
  };

  const std::vector<AppliedMigration> before = applied(db);
  std::vector<std::string> lines = oddities(known, before, "the catalog");
  if (!pending(before)) return lines;
  return in_transaction(db, [&] {
    db.exec(
        "CREATE TABLE IF NOT EXISTS forebay_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT "
        "NOT NULL, applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))) STRICT");
    const std::vector<AppliedMigration> rows = applied(db);  // another process may have been quicker

    std::vector<int> lost;
    for (const Migration& m : known)
      if (is_lost(m)) lost.push_back(m.number);

    for (const Migration& m : known) {
      if (find_applied(rows, m.number) != nullptr) {
        if (std::find(lost.begin(), lost.end(), m.number) == lost.end()) continue;
        if (!m.tables().empty()) db.exec(std::string(m.down));  // a view of the table may be there still
        db.exec(std::string(m.up));
        lines.push_back(number_and_name(m.number, m.name) + " applied again: table " +
                        (m.tables().empty() ? m.alters() : m.tables().front()) + " was not there any more");
        continue;
      }

      db.exec(std::string(m.up));
      SqliteStatement record(db, "INSERT INTO forebay_migrations (number, name, checksum) VALUES (?1, ?2, ?3)");
      record.bind_integer(1, m.number);
      record.bind_text(2, m.name);
      record.bind_text(3, m.checksum);
      record.run();
      lines.push_back(number_and_name(m.number, m.name) + " applied");
    }
    return lines;
  });
}

std::vector<std::string> catalog_down(SqliteConnection& db, int count, bool run) {
  const std::vector<Migration> known = migrations_of("sqlite");
  return in_transaction(db, [&] {
    std::vector<std::string> lines;
    std::vector<AppliedMigration> rows = applied(db);
    for (; count > 0 && !rows.empty(); --count, rows.pop_back()) {
      const int number = rows.back().number;
      const auto m = std::find_if(known.begin(), known.end(), [&](const Migration& k) { return k.number == number; });
      if (m == known.end()) {
        throw DestinationFailure(
            {FailureClass::schema, "",
             number_and_name(number, rows.back().name) +
                 " is newer than this release and can only be taken back by the release that added it"});
      }

      for (const std::string& table : m->tables()) {
        if (!table_exists(db, table)) continue;
        SqliteStatement size(db, "SELECT count(*) FROM " + quoted_identifier(table), SqliteStatement::Life::once);
        size.step();
        lines.push_back("table " + table + " with " + std::to_string(size.column_integer(0)) + " rows");
      }
      if (m->tables().empty()) lines.push_back("what " + number_and_name(number, m->name) + " created");

      if (!run) continue;
      db.exec(std::string(m->down));
      SqliteStatement forget(db, "DELETE FROM forebay_migrations WHERE number = ?1");
      forget.bind_integer(1, number);
      forget.run();
    }
    return lines;
  });
}

namespace {

struct ActualColumn {
  std::string type;
  bool not_null, has_default, in_primary_key;
};

/// A table as it is in the catalog.
struct CatalogTable {
  std::map<std::string, ActualColumn> columns;
  std::map<std::string, std::vector<std::string>> uniques;  // columns by index, in no order; "" is the primary key
  bool strict = false;
};

CatalogTable read_table(SqliteConnection& db, const std::string& name) {
  CatalogTable table;
  std::vector<std::string>& primary_key = table.uniques[""];
  SqliteStatement info(db, "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk FROM pragma_table_info(?1)");
  info.bind_text(1, name);
  while (info.step()) {
    const std::string column(info.column_text(0));
    table.columns[column] = {std::string(info.column_text(1)), info.column_integer(2) != 0, info.column_integer(3) != 0,
                             info.column_integer(4) != 0};
    if (info.column_integer(4) != 0) primary_key.push_back(column);
  }

  SqliteStatement indexes(db,
                          "SELECT l.name, i.name FROM pragma_index_list(?1) AS l, pragma_index_info(l.name) AS i "
                          "WHERE l.\"unique\" AND NOT l.partial");
  indexes.bind_text(1, name);
  while (indexes.step()) table.uniques[std::string(indexes.column_text(0))].emplace_back(indexes.column_text(1));

  SqliteStatement kind(db, "SELECT \"strict\" FROM pragma_table_list(?1) WHERE schema = 'main'");
  kind.bind_text(1, name);
  table.strict = kind.step() && kind.column_integer(0) != 0;
  return table;
}

/// Of the columns that the stream writes, and of those that it does not.
void add_column_problems(const CatalogTable& table, const Stream& stream, std::vector<std::string>& problems) {
  const auto check = [&](const std::string& name, const std::string& wanted) {
    const auto at = table.columns.find(name);
    if (at == table.columns.end()) {
      problems.push_back("column " + quoted_identifier(name) + " is missing (" + wanted + ")");
    } else if (!type_fits(wanted, at->second.type, table.strict)) {
      problems.push_back("column " + quoted_identifier(name) + " is " + at->second.type + " and should be " + wanted);
    }
  };

  const SqliteDialect dialect;
  for (const Column& c : stream.columns) check(c.name, dialect.column_type(c.type, false));
  check(stream.version_column, "INTEGER");
  const auto version = table.columns.find(stream.version_column);
  if (version != table.columns.end() && !version->second.not_null) {
    problems.push_back("column " + quoted_identifier(stream.version_column) +
                       " allows NULL, against which no version is newer");
  }
  if (!stream.touched_column.empty()) check(stream.touched_column, "INTEGER");

  for (const auto& [name, column] : table.columns) {
    const bool filled = owns(stream, name) || name == stream.version_column || name == stream.touched_column;
    if (!filled && column.not_null && !column.has_default && !column.in_primary_key) {
      problems.push_back("column " + quoted_identifier(name) +
                         ", which the stream does not fill, is NOT NULL and has no default");
    }
  }
}

void add_key_problems(SqliteConnection& db, CatalogTable& table, const Stream& stream,
                      std::vector<std::string>& problems) {
  std::vector<std::string> key = stream.key;
  std::sort(key.begin(), key.end());
  std::vector<std::string> key_indexes;
  bool has_other = false;
  for (auto& [name, columns] : table.uniques) {
    std::sort(columns.begin(), columns.end());
    if (columns == key) key_indexes.push_back(name);
    has_other = has_other || (!columns.empty() && columns != key);
  }
  if (key_indexes.empty() && !key.empty())
    problems.push_back("no unique index is on exactly (" + key_columns(stream) + ")");

  const std::vector<std::string> collations = collation_problems(db, stream, key_indexes);
  problems.insert(problems.end(), collations.begin(), collations.end());
  if (has_other && replaces_on_conflict(db, stream.table))
    problems.emplace_back("a constraint has ON CONFLICT REPLACE, by which a row would delete another");
}

}  // namespace

void check_catalog_table(SqliteConnection& db, const Stream& stream) {
  CatalogTable table = read_table(db, stream.table);
  std::vector<std::string> problems;
  add_column_problems(table, stream, problems);
  add_key_problems(db, table, stream, problems);
  if (problems.empty()) return;

  throw DestinationFailure({FailureClass::schema, "",
                            "table " + quoted_identifier(stream.table) + " of sqlite:" + db.name() + " does not fit " +
                                (stream.name.empty() ? "the batch ledger" : "stream " + stream.name) + ": " +
                                joined(problems, "; ") + ". Change the table, or name another file"});
}

}  // namespace forebay
