#include "sink/postgres/migrate.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/human.hpp"
#include "forebay/file_record.hpp"
#include "sink/dialect.hpp"
#include "sink/ledger.hpp"
#include "sink/postgres/event_triggers.hpp"
#include "sink/postgres/foresight.hpp"
#include "sink/postgres/inspect.hpp"
#include "sink/postgres/own_code.hpp"

namespace forebay {
namespace {

// Any number will do that nobody else locks: "forebay" in ASCII.
constexpr std::int64_t kLockNumber = 0x666f7265626179;
constexpr std::chrono::seconds kLockTimeout{30};

}  // namespace

PostgresMigrator::PostgresMigrator(PostgresSession& session, std::string prelude)
    : session_(session), prelude_(std::move(prelude)), known_(migrations_of(session.dialect().name())) {}

bool PostgresMigrator::table_exists(const std::string& name) { return find_table(session_, {"", name}).has_value(); }

std::vector<AppliedMigration> PostgresMigrator::applied() {
  std::vector<AppliedMigration> rows;
  const auto table = find_table(session_, {"", "forebay_migrations"});
  if (!table) return rows;
  for (const auto& r :
       session_.exec("SELECT \"number\", name, checksum, to_char(applied_at AT TIME ZONE 'UTC', "
                     "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), adopted FROM forebay_migrations ORDER BY \"number\"")) {
    rows.push_back({r[0].as<int>(), r[1].c_str(), r[2].c_str(), r[3].c_str(), r[4].as<bool>()});
  }

  // Hidden ones would be applied again.
  if (rows.empty() && session_.dialect().catalogs_are_known()) {
    if (const auto lacks = lacks_policy(session_, *table, {"SELECT"})) throw DestinationFailure(*lacks);
  }
  return rows;
}

void PostgresMigrator::lock() {
  const std::string limit = session_.dialect().lock_limit(kLockTimeout.count() * 1000);
  // Where waits for locks have no limit of their own, the statement's serves for this one.
  const std::string usual = limit.empty() ? session_.exec("SHOW statement_timeout")[0][0].c_str() : "";
  session_.exec(limit.empty() ? "SET LOCAL statement_timeout = '" + std::to_string(kLockTimeout.count()) + "s'"
                              : limit);

  try {
    session_.exec("SELECT pg_advisory_xact_lock($1)", {std::to_string(kLockNumber)});
  } catch (DestinationFailure& e) {
    if (e.sqlstate() != (limit.empty() ? "57014" : "55P03") && e.sqlstate() != "YY003") throw;
    throw DestinationFailure({FailureClass::retry_batch, "55P03",
                              "another process has been migrating this database for " +
                                  std::to_string(kLockTimeout.count()) +
                                  "s; wait for it, or end its session (pg_locks, locktype advisory)"});
  }
  if (limit.empty()) session_.exec("SET LOCAL statement_timeout = '" + usual + "'");
}

std::vector<MigrationState> PostgresMigrator::states() {
  session_.begin(prelude_);
  const std::vector<AppliedMigration> rows = applied();
  session_.commit();

  std::vector<MigrationState> states;
  for (const Migration& m : known_) {
    MigrationState state{m.number, m.name, false, false, ""};
    if (const AppliedMigration* at = find_applied(rows, m.number); at != nullptr) {
      state.applied = true;
      state.changed = at->checksum != m.checksum;
      state.applied_at = at->applied_at;
    }
    states.push_back(state);
  }
  return states;
}

std::vector<PostgresMigrator::Step> PostgresMigrator::steps(const std::vector<AppliedMigration>& rows,
                                                            Adopt may_adopt) {
  std::vector<Step> steps;
  std::vector<std::string> lost;
  for (const Migration& m : known_) {
    const std::vector<std::string> tables = m.tables();
    if (find_applied(rows, m.number) == nullptr) {
      const bool stands = !m.adopt.empty() && table_exists(tables.front());
      if (!stands || may_adopt == Adopt::yes) steps.push_back({&m, false});
    } else if (may_adopt == Adopt::yes) {
      // Only when asked for: who first looks at what is missing may find it elsewhere.
      const auto gone =
          std::find_if(tables.begin(), tables.end(), [&](const std::string& t) { return !table_exists(t); });
      if (gone != tables.end()) lost.push_back(*gone);
      const bool of_lost = std::find(lost.begin(), lost.end(), m.alters()) != lost.end();
      if (gone != tables.end() || of_lost) steps.push_back({&m, true});
    }
  }
  return steps;
}

/// Before anything is made beside a table that waits to be adopted: its owner is to make it, as they adopt it.
void PostgresMigrator::check_none_waits(const std::vector<AppliedMigration>& rows,
                                        const std::vector<const Stream*>& streams) {
  for (const Stream* s : streams) {
    const std::optional<Migration> maker = maker_of(session_.dialect().name(), s->table);
    if (!maker || maker->adopt.empty()) continue;
    if (find_applied(rows, maker->number) != nullptr) continue;

    const auto owner = session_.exec("SELECT quote_ident(pg_get_userbyid(relowner)) FROM pg_class WHERE oid = " +
                                     session_.dialect().table_oid({"", s->table}));
    if (owner.empty()) continue;

    // Another process may have made it since `rows` were read; it and its migration came in one transaction.
    if (find_applied(applied(), maker->number) != nullptr) continue;
    throw DestinationFailure({FailureClass::schema, "",
                              "table " + s->table +
                                  " is there, and forebay did not make it: `forebay migrate up`, as " +
                                  owner[0][0].c_str() +
                                  ", adopts it (`forebay config check` says beforehand what is changed, and what is in "
                                  "the way)"});
  }
}

std::vector<std::string> PostgresMigrator::up(Adopt may_adopt, const std::vector<const Stream*>& streams) {
  session_.begin(prelude_);
  // First without the lock: nearly always there is nothing to do.
  std::vector<AppliedMigration> rows = applied();
  if (may_adopt == Adopt::no) check_none_waits(rows, streams);
  std::vector<std::string> lines = oddities(known_, rows, "the database");

  if (!steps(rows, may_adopt).empty()) {
    lock();
    rows = applied();
    try {
      std::map<int, Adoption> adoptions;
      if (may_adopt == Adopt::yes) adoptions = plan_adoptions(rows);
      for (const Step& step : steps(rows, may_adopt)) take(step, adoptions, lines);
    } catch (DestinationFailure& e) {
      if (e.sqlstate() == "42501" && may_adopt == Adopt::no)
        e.failure.message += ", or run `forebay migrate up` as a role that may create tables";
      throw;
    }
  }

  session_.commit();
  return lines;
}

std::optional<Failure> PostgresMigrator::stopped_by_event_trigger() {
  if (!session_.dialect().catalogs_are_known()) return std::nullopt;  // run_ddl() does not tell of them there
  session_.begin(prelude_);
  std::optional<Failure> why;
  try {
    if (!event_trigger_names(session_).empty()) {
      session_.exec(session_.dialect().lock_limit(2'000));
      std::vector<std::string> lines;
      for (const Step& step : steps(applied(), Adopt::no)) take(step, {}, lines);
    }
  } catch (const StoppedByEventTrigger& e) {
    why = e.failure;
  } catch (const DestinationFailure&) {
    // Anything else is told by who looks for it.
  }

  session_.abort();
  return why;
}

void PostgresMigrator::run_adopting(const Adoption& adoption, const std::string& statement) {
  try {
    run_ddl(session_, prelude_, statement);
  } catch (const DestinationFailure& e) {
    Failure told = e.failure;
    if (e.sqlstate() == "54000") {
      told.message += "; paths of table " + adoption.table +
                      " are too long for its index. They are among: SELECT * FROM " + adoption.table +
                      " WHERE octet_length(file_path) > " + std::to_string(kPathKeyBytesMax) +
                      ". Delete these rows, and the next scan records their files with full_path";
    } else if (e.sqlstate() == "23505") {
      told.message += "; rows of one key have come meanwhile. Run `forebay migrate up` again, which lists them";
    }
    throw DestinationFailure(told);
  }
}

void PostgresMigrator::take(const Step& step, const std::map<int, Adoption>& adoptions,
                            std::vector<std::string>& lines) {
  const Migration& m = *step.migration;
  const std::string what = number_and_name(m.number, m.name);
  if (step.again) {
    const std::vector<std::string> tables = m.tables();
    // Under another name it would be in the way with its index, and is probably what is wanted.
    for (const std::string& table : tables) {
      if (!table_exists(table) && table_exists(table + "_key"))
        throw DestinationFailure(missing_table(session_, m, table));
    }
    run_ddl(session_, prelude_, std::string(m.up));
    // A row that says `adopted` goes on saying so: such a table is never dropped, and its owner may put it back.
    lines.push_back(what + " applied again: table " + (tables.empty() ? m.alters() : tables.front()) +
                    " was not there any more");
    return;
  }

  run_ddl(session_, prelude_,
          "CREATE TABLE IF NOT EXISTS forebay_migrations (\"number\" integer PRIMARY KEY, name text NOT NULL, "
          "checksum text NOT NULL, adopted boolean NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())");

  const auto adopted = adoptions.find(m.number);
  const bool stands = adopted != adoptions.end();
  if (stands) {
    const Adoption& adoption = adopted->second;
    for (const std::string& statement : adoption.statements) run_adopting(adoption, statement);
    lines.push_back("table " + adoption.table + " adopted: " + adoption.what());
    lines.insert(lines.end(), adoption.notes.begin(), adoption.notes.end());
  } else {
    run_ddl(session_, prelude_, std::string(m.up));
    lines.push_back(what + " applied");
  }
  note(m, stands);
}

void PostgresMigrator::note(const Migration& migration, bool adopted) {
  const auto noted =
      session_.exec("INSERT INTO forebay_migrations (\"number\", name, checksum, adopted) VALUES ($1, $2, $3, $4)",
                    {std::to_string(migration.number), migration.name, migration.checksum, adopted ? "true" : "false"});
  if (noted.affected_rows() == 1) return;

  const std::string table = find_table(session_, {"", "forebay_migrations"}).value_or("forebay_migrations");
  const OwnTriggers triggers = own_triggers(session_, table);
  throw DestinationFailure(
      {FailureClass::schema, "",
       "table " + table + " did not keep that " + number_and_name(migration.number, migration.name) +
           " was applied: " + named_triggers(triggers) + " dropped it. " + cure_of_own_triggers(triggers, table)});
}

void PostgresMigrator::check_fit() {
  session_.begin(prelude_);
  for (const Stream* s : {&backup_files_stream(), &backup_sets_stream(), &ledger_stream()}) {
    if (const auto table = find_table(session_, {"", s->table})) inspect_table(session_, *s, *table);
  }
  session_.commit();
}

std::map<int, Adoption> PostgresMigrator::plan_adoptions(const std::vector<AppliedMigration>& rows) {
  std::map<int, Adoption> plans;
  std::string refused;
  for (const Migration& m : known_) {
    if (find_applied(rows, m.number) != nullptr || m.adopt.empty() || !table_exists(m.tables().front())) continue;
    try {
      plans.emplace(m.number, plan_adoption(session_, m));
    } catch (const DestinationFailure& e) {
      if (e.failure.failure_class != FailureClass::schema || !e.sqlstate().empty()) throw;
      refused += (refused.empty() ? "" : ". And ") + e.failure.message;
    }
  }
  if (!refused.empty()) throw DestinationFailure({FailureClass::schema, "", refused});
  return plans;
}

std::vector<std::string> PostgresMigrator::preview_adoption() {
  session_.begin(prelude_);
  std::vector<std::string> lines;
  for (const auto& [number, adoption] : plan_adoptions(applied())) {
    lines.push_back("table " + adoption.table + " is there already; `forebay migrate up` adopts it: " +
                    counted(adoption.columns_added, "column is", "columns are") + " added" +
                    (adoption.key_created.empty() ? "" : " and the unique key " + adoption.key_created) +
                    ", what is there stays");
    lines.insert(lines.end(), adoption.notes.begin(), adoption.notes.end());
  }
  session_.commit();
  return lines;
}

void PostgresMigrator::create_table(const std::string& sql) {
  session_.begin(prelude_);
  lock();
  run_ddl(session_, prelude_, sql);
  session_.commit();
}

std::vector<std::string> PostgresMigrator::down_preview(int count) { return down_lines(count, false); }
std::vector<std::string> PostgresMigrator::down(int count) { return down_lines(count, true); }

std::vector<std::string> PostgresMigrator::down_lines(int count, bool run) {
  std::vector<std::string> lines;
  session_.begin(prelude_);
  if (run) lock();
  std::vector<AppliedMigration> rows = applied();

  for (; count > 0 && !rows.empty(); --count, rows.pop_back()) {
    const AppliedMigration& last = rows.back();
    const auto m =
        std::find_if(known_.begin(), known_.end(), [&](const Migration& k) { return k.number == last.number; });
    if (m == known_.end()) {
      throw DestinationFailure(
          {FailureClass::schema, "",
           number_and_name(last.number, last.name) +
               " is newer than this release and can only be taken back by the release that added it"});
    }

    const std::vector<std::string> tables = m->tables();
    if (last.adopted) {
      lines.push_back("table " + tables.front() + " stays, with all its columns: it was there before forebay");
    } else {
      for (const std::string& table : tables) {
        if (!table_exists(table)) continue;
        const auto rows_there = session_.exec("SELECT count(*) FROM " + quoted_identifier(table));
        lines.push_back("table " + table + " with " + rows_there[0][0].c_str() + " rows");
      }
      if (tables.empty()) lines.push_back("what " + number_and_name(m->number, m->name) + " created");
      if (run) run_ddl(session_, prelude_, std::string(m->down));
    }
    if (run) session_.exec("DELETE FROM forebay_migrations WHERE \"number\" = $1", {std::to_string(last.number)});
  }

  session_.commit();
  return lines;
}

}  // namespace forebay
