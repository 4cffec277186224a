#include "sink/postgres/grants.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "sink/dialect.hpp"
#include "sink/ledger.hpp"
#include "sink/migrations.hpp"

namespace forebay {
namespace {

constexpr const char* kMigrations = "forebay_migrations";
constexpr const char* kSchema = "SCHEMA";

/// A table that is written or read, and what for.
struct NeededTable {
  TableName name;
  std::vector<std::string> privileges;
  const Stream* stream = nullptr;  // none: forebay's own, which any of whose columns may be enough
};

struct FoundSchema {
  std::string name, quoted, owner;
  bool usable = false, may_create = false;
};

struct FoundTable {
  std::string schema, name, quoted, owner, oid;
};

/// A GRANT that is missing.
struct MissingGrant {
  std::string words, kind, name, owner;  // kind: "SCHEMA"; empty: a table

  std::string object() const { return kind.empty() ? name : kind + " " + name; }
  /// As a sentence has it.
  std::string thing() const { return kind.empty() ? name : ascii_lower(kind) + " " + name; }
  bool of_schema(const FoundSchema& schema) const { return kind == kSchema && name == schema.quoted; }
};

std::string literals(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  quoted.reserve(words.size());
  for (const std::string& word : words) quoted.push_back(quoted_literal(word));
  return joined(quoted, ", ");
}

/// An expression. regclass would ask for USAGE on the schema.
std::string oid_of(const std::string& schema, const std::string& table) {
  return "(SELECT o.oid FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace s ON s.oid = o.relnamespace WHERE "
         "o.relname = " +
         quoted_literal(table) + " AND s.nspname = " + quoted_literal(schema) + ")";
}

/// The columns of a stream's table that a privilege is needed on. To write, it is SELECT on what EXCLUDED is asked for
/// as well.
std::vector<std::string> columns_for(const std::string& privilege, const NeededTable& needed) {
  const Stream& stream = *needed.stream;
  const bool compares = needed.privileges.size() == 1;
  std::vector<std::string> columns = {stream.version_column};
  for (const Column& c : stream.columns) {
    const bool in_key = std::find(stream.key.begin(), stream.key.end(), c.name) != stream.key.end();
    if (compares ? in_key : privilege != "UPDATE" || !in_key) columns.push_back(c.name);
  }
  if (privilege != "SELECT" && !stream.touched_column.empty()) columns.push_back(stream.touched_column);
  return columns;
}

/// An expression: whether the role has it.
std::string has_privilege(const NeededTable& needed, const std::string& oid, const std::string& privilege) {
  const std::string word = quoted_literal(privilege);
  // The server will say when some columns are not enough.
  if (needed.stream == nullptr) return "has_any_column_privilege(" + oid + ", " + word + ")";
  std::string has = "(has_table_privilege(" + oid + ", " + word +
                    ") OR NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = " + oid +
                    " AND a.attname IN (" + literals(columns_for(privilege, needed)) +
                    ") AND NOT has_column_privilege(" + oid + ", a.attnum, " + word + ")))";
  // LOCK TABLE asks for one of them on the whole table.
  if (privilege == "INSERT") has += " AND has_table_privilege(" + oid + ", 'INSERT, UPDATE')";
  return has;
}

/// Sequences that fill columns which the stream does not, and that the role may not draw from.
std::string select_sequences(const std::string& oid, const Stream& stream) {
  std::vector<std::string> owned;
  for (const Column& c : stream.columns) owned.push_back(c.name);
  return "SELECT quote_ident(n.nspname) || '.' || quote_ident(s.relname), quote_ident(pg_get_userbyid(s.relowner)) "
         "FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum JOIN pg_depend d ON "
         "d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass JOIN pg_class "
         "s ON s.oid = d.refobjid AND s.relkind IN ('S', 'L') JOIN pg_namespace n ON n.oid = s.relnamespace WHERE "
         "f.adrelid = " +
         oid + " AND a.attname NOT IN (" + literals(owned) + ") AND NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE')";
}

/// Functions in the defaults of columns that the stream does not fill, and in generated ones, that the role may not
/// run.
std::string select_functions(const std::string& oid, const Stream& stream) {
  std::vector<std::string> owned = {stream.version_column};
  for (const Column& c : stream.columns) owned.push_back(c.name);
  return "SELECT DISTINCT quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || "
         "pg_get_function_identity_arguments(p.oid) || ')', quote_ident(pg_get_userbyid(p.proowner)) FROM pg_attrdef f "
         "JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum JOIN pg_depend d ON d.classid = "
         "'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_proc'::regclass JOIN pg_proc p ON p.oid = "
         "d.refobjid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE f.adrelid = " +
         oid + " AND a.attname NOT IN (" + literals(owned) + ") AND NOT has_function_privilege(p.oid, 'EXECUTE')";
}

/// Looks at all of it in one transaction, by the catalogs: a table in a schema that may not be used has no name that
/// could be asked for.
class GrantCheck {
 public:
  GrantCheck(PostgresSession& session, std::vector<NeededTable> needed)
      : session_(session), needed_(std::move(needed)) {
    session_.begin(session_.dialect().own_settings());
    const auto who = session_.exec("SELECT current_user, quote_ident(current_user), current_setting('search_path')")[0];
    role_ = who[1].c_str();
    for (const std::string& name : search_path_names(who[2].c_str()))
      path_.push_back(name == "$user" ? who[0].c_str() : name);

    find_schemas();
    find_tables();
    choose_home();
  }

  std::optional<Failure> lacks(bool to_write) {
    for (const NeededTable& needed : needed_) {
      if (const FoundTable* table = table_of(needed)) {
        need_usage(table->schema);
        found_.emplace_back(&needed, table);
      } else if (to_write) {
        need_to_make(needed);
      }
    }

    look_at_tables();
    session_.commit();
    if (to_write && waits_to_be_adopted()) return std::nullopt;

    const bool unmade = !by_migrations_.empty() && !home_->may_create;
    if (missing_.empty() && !unmade && may_not_create_.empty()) return std::nullopt;
    return Failure{FailureClass::schema, "42501", message(unmade)};
  }

 private:
  void find_schemas() {
    std::vector<std::string> names = path_;
    for (const NeededTable& needed : needed_)
      if (!needed.name.schema.empty()) names.push_back(needed.name.schema);
    if (names.empty()) return;

    // Who may act as pg_database_owner is the database's owner.
    for (const auto& row : session_.exec(
             "SELECT n.nspname, quote_ident(n.nspname), CASE pg_get_userbyid(n.nspowner) WHEN 'pg_database_owner' THEN "
             "(SELECT quote_ident(pg_get_userbyid(d.datdba)) FROM pg_catalog.pg_database d WHERE d.datname = "
             "current_database()) ELSE quote_ident(pg_get_userbyid(n.nspowner)) END, has_schema_privilege(n.oid, "
             "'USAGE'), has_schema_privilege(n.oid, 'CREATE') FROM pg_catalog.pg_namespace n WHERE n.nspname IN (" +
             literals(names) + ") AND n.nspname <> 'pg_catalog' AND n.nspname <> 'pg_temp'")) {
      schemas_[row[0].c_str()] = {row[0].c_str(), row[1].c_str(), row[2].c_str(), row[3].as<bool>(), row[4].as<bool>()};
    }

    const auto none = std::remove_if(path_.begin(), path_.end(), [&](const auto& n) { return !schemas_.contains(n); });
    path_.erase(none, path_.end());
  }

  void find_tables() {
    if (schemas_.empty()) return;
    std::vector<std::string> schemas;
    for (const auto& [name, schema] : schemas_) schemas.push_back(name);
    std::vector<std::string> names = {kMigrations};
    for (const NeededTable& needed : needed_) names.push_back(needed.name.table);

    for (const auto& row :
         session_.exec("SELECT n.nspname, c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname), "
                       "quote_ident(pg_get_userbyid(c.relowner)) FROM pg_catalog.pg_class c JOIN "
                       "pg_catalog.pg_namespace n "
                       "ON n.oid = c.relnamespace WHERE n.nspname IN (" +
                       literals(schemas) + ") AND c.relname IN (" + literals(names) + ") ORDER BY 3")) {
      tables_.push_back(
          {row[0].c_str(), row[1].c_str(), row[2].c_str(), row[3].c_str(), oid_of(row[0].c_str(), row[1].c_str())});
    }
  }

  const FoundTable* table_in(const std::string& schema, const std::string& name) const {
    const auto at = std::find_if(tables_.begin(), tables_.end(),
                                 [&](const FoundTable& t) { return t.schema == schema && t.name == name; });
    return at == tables_.end() ? nullptr : &*at;
  }

  /// Brings the search path into the order that counts: as search_path_expression() has it, and behind that the schemas
  /// that the role may not use, where it could not make the tables in another one.
  void choose_home() {
    const auto usable = [&](const std::string& name) { return schemas_.at(name).usable; };
    const auto migrated = [&](const std::string& name) { return table_in(name, kMigrations) != nullptr; };
    std::stable_partition(path_.begin(), path_.end(), migrated);
    std::stable_partition(path_.begin(), path_.end(), usable);

    const auto may_create = [&](const std::string& name) { return usable(name) && schemas_.at(name).may_create; };
    if (!path_.empty() && may_create(path_.front())) {
      path_.erase(std::find_if_not(path_.begin(), path_.end(), usable), path_.end());
    }

    if (path_.empty()) return;
    const auto home = std::find_if(path_.begin(), path_.end(), migrated);
    if (home != path_.end()) std::rotate(path_.begin(), home, home + 1);
    home_ = &schemas_.at(path_.front());
  }

  const FoundTable* table_of(const NeededTable& needed) const {
    if (!needed.name.schema.empty()) return table_in(needed.name.schema, needed.name.table);
    for (const std::string& schema : path_)
      if (const FoundTable* table = table_in(schema, needed.name.table)) return table;
    return nullptr;
  }

  bool migrated() const { return home_ != nullptr && table_in(home_->name, kMigrations) != nullptr; }

  bool waits_to_be_adopted() const {
    return !migrated() && std::any_of(found_.begin(), found_.end(), [&](const auto& f) {
      const auto maker = maker_of(session_.dialect().name(), f.first->name.table);
      return f.first->name.schema.empty() && maker && !maker->adopt.empty();
    });
  }

  void need_usage(const std::string& name) {
    const FoundSchema& schema = schemas_.at(name);
    if (schema.usable) return;
    if (std::none_of(missing_.begin(), missing_.end(), [&](const MissingGrant& m) { return m.of_schema(schema); }))
      missing_.push_back({"USAGE", kSchema, schema.quoted, schema.owner});
  }

  void need_to_make(const NeededTable& needed) {
    const bool here = needed.name.schema.empty();
    const FoundSchema* schema = home_;
    if (!here) schema = schemas_.contains(needed.name.schema) ? &schemas_.at(needed.name.schema) : nullptr;
    if (schema == nullptr) return;  // the server will say that there is none

    const bool ours = here && (needed.name.table == kMigrations ||
                               maker_of(session_.dialect().name(), needed.name.table).has_value());
    if (ours && migrated()) return;  // lost: `forebay migrate up`

    need_usage(schema->name);
    if (ours) {
      by_migrations_.push_back(&needed);
    } else if (!schema->may_create &&
               std::find(may_not_create_.begin(), may_not_create_.end(), schema) == may_not_create_.end()) {
      may_not_create_.push_back(schema);
    }
  }

  void look_at_tables() {
    std::string ask;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      const auto& [needed, table] = found_[i];
      for (std::size_t p = 0; p < needed->privileges.size(); ++p) {
        ask += (ask.empty() ? "SELECT " : " UNION ALL SELECT ") + std::to_string(i) + " AS i, " + std::to_string(p) +
               " AS p WHERE NOT (" + has_privilege(*needed, table->oid, needed->privileges[p]) + ")";
      }
    }
    if (ask.empty()) return;

    std::map<std::size_t, std::vector<std::string>> words;
    for (const auto& row : session_.exec("SELECT i, p FROM (" + ask + ") AS w ORDER BY 1, 2")) {
      const auto i = row[0].as<std::size_t>();
      words[i].push_back(found_[i].first->privileges.at(row[1].as<std::size_t>()));
    }
    for (const auto& [i, lacking] : words)
      missing_.push_back({joined(lacking, ", "), "", found_[i].second->quoted, found_[i].second->owner});

    for (const auto& [needed, table] : found_) {
      const bool filled =
          std::find(needed->privileges.begin(), needed->privileges.end(), "INSERT") != needed->privileges.end() &&
          needed->stream != nullptr;
      if (!filled) continue;
      for (const auto& row : session_.exec(select_sequences(table->oid, *needed->stream) + " ORDER BY 1"))
        missing_.push_back({"USAGE", "SEQUENCE", row[0].c_str(), row[1].c_str()});
      for (const auto& row : session_.exec(select_functions(table->oid, *needed->stream) + " ORDER BY 1"))
        missing_.push_back({"EXECUTE", "FUNCTION", row[0].c_str(), row[1].c_str()});
    }
  }

  std::string grants(const std::vector<MissingGrant>& missing) const {
    std::string text;
    for (const MissingGrant& m : missing)
      text += (text.empty() ? "GRANT " : "; GRANT ") + m.words + " ON " + m.object() + " TO " + role_;
    return text;
  }

  /// "s a, the owner, run: …": by whom, since what somebody else gives is not given.
  std::string as_owners(const std::vector<MissingGrant>& missing) const {
    std::string others;
    for (const MissingGrant& m : missing)
      if (m.owner != missing.front().owner) others = m.owner;
    if (others.empty()) return "s " + missing.front().owner + ", the owner, run: " + grants(missing);
    std::string whose;
    for (const MissingGrant& m : missing) whose += (whose.empty() ? "" : ", ") + m.thing() + " of " + m.owner;
    return "s a superuser, or each as the owner (" + whose + "), run: " + grants(missing);
  }

  std::string message(bool unmade) const {
    std::vector<MissingGrant> to_give = missing_;
    std::vector<MissingGrant> to_make = missing_;
    const auto let_create = [](std::vector<MissingGrant>& grants, const FoundSchema& schema) {
      const auto at =
          std::find_if(grants.begin(), grants.end(), [&](const MissingGrant& m) { return m.of_schema(schema); });
      if (at == grants.end()) {
        grants.insert(grants.begin(), {"CREATE", kSchema, schema.quoted, schema.owner});
      } else if (at->words == "USAGE") {
        at->words += ", CREATE";
      }
    };

    for (const FoundSchema* schema : may_not_create_) {
      let_create(to_give, *schema);
      let_create(to_make, *schema);
    }
    if (unmade) let_create(to_make, *home_);

    std::string lacks = "role " + role_ + " lacks ";
    for (const MissingGrant& m : to_make) lacks += (&m == &to_make.front() ? "" : "; ") + m.words + " on " + m.thing();
    lacks += " (42501). ";

    if (!unmade) return lacks + "A" + as_owners(to_give);
    for (const NeededTable* needed : by_migrations_)
      to_give.push_back({joined(needed->privileges, ", "), "", home_->quoted + "." + needed->name.table, home_->owner});
    return lacks + "forebay's tables are still to be made. Run `forebay migrate up` as " + home_->owner +
           ", who owns the schema; then, a" + as_owners(to_give) + ". Or let this role make them: a" +
           as_owners(to_make);
  }

  PostgresSession& session_;
  std::vector<NeededTable> needed_;
  std::string role_;
  std::vector<std::string> path_;
  std::map<std::string, FoundSchema> schemas_;
  std::vector<FoundTable> tables_;
  const FoundSchema* home_ = nullptr;  // where what has no schema is made; none: no schema of the path is there

  std::vector<std::pair<const NeededTable*, const FoundTable*>> found_;
  std::vector<const NeededTable*> by_migrations_;   // still to be made by them
  std::vector<const FoundSchema*> may_not_create_;  // where tables of other streams are still to be made
  std::vector<MissingGrant> missing_;
};

}  // namespace

std::vector<std::string> search_path_names(std::string_view setting) {
  std::vector<std::string> names;
  std::string name;
  bool quoted = false;
  const auto end_name = [&] {
    if (!name.empty()) names.push_back(std::exchange(name, {}));
  };

  for (std::size_t i = 0; i < setting.size(); ++i) {
    const char c = setting[i];
    if (c == '"') {
      quoted = !quoted;
      if (quoted && i > 0 && setting[i - 1] == '"') name += '"';  // the second of a doubled one
    } else if (quoted) {
      name += c;
    } else if (c == ',') {
      end_name();
    } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      name += ascii_lower(c);
    }
  }
  end_name();
  return names;
}

std::optional<Failure> lacks_to_write(PostgresSession& session, const std::vector<const Stream*>& streams) {
  std::vector<NeededTable> needed = {{{"", kMigrations}, {"SELECT"}},
                                     {{"", ledger_stream().table}, {"SELECT", "INSERT"}}};
  for (const Stream* s : streams) needed.push_back({table_name(s->table), {"SELECT", "INSERT", "UPDATE"}, s});
  return GrantCheck(session, std::move(needed)).lacks(true);
}

std::optional<Failure> lacks_to_compare(PostgresSession& session, const std::vector<const Stream*>& streams) {
  std::vector<NeededTable> needed;
  needed.reserve(streams.size());
  for (const Stream* s : streams) needed.push_back({table_name(s->table), {"SELECT"}, s});
  return GrantCheck(session, std::move(needed)).lacks(false);
}

void name_all_grants(PostgresSession& session, const std::vector<const Stream*>& streams, Failure& failure) noexcept {
  if (failure.sqlstate != "42501" && failure.sqlstate != "3F000") return;
  try {
    session.abort();
    if (auto lacks = lacks_to_write(session, streams)) failure = *std::move(lacks);
  } catch (const std::exception&) {
    // What the server said stands.
  }
}

}  // namespace forebay
