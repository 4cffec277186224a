#pragma once

#include <map>
#include <string>
#include <vector>

#include "sink/migrations.hpp"
#include "sink/postgres/adopt.hpp"
#include "sink/postgres/session.hpp"

namespace forebay {

/// Brings a database's forebay tables up and down. Each call is one transaction, so a migration is there whole or not
/// at all; changes are made under an advisory lock, so processes that start at once wait for each other. Throws
/// DestinationFailure.
class PostgresMigrator {
 public:
  /// How far up() may go: on first use, a table that is somebody's own stays as it is.
  enum class Adopt : std::uint8_t { no, yes };

  /// `prelude`: what each transaction starts with.
  PostgresMigrator(PostgresSession& session, std::string prelude);

  std::vector<MigrationState> states();
  /// Applies what is missing; lines that say what was done, and what is odd. With Adopt::yes tables that are there no
  /// more are made again, empty.
  std::vector<std::string> up(Adopt adopt) { return up(adopt, {}); }
  /// With Adopt::no and a table of these streams that waits to be adopted, nothing is made: throws
  /// DestinationFailure(schema).
  std::vector<std::string> up(Adopt adopt, const std::vector<const Stream*>& streams);
  /// What up(Adopt::yes) would do with tables that are somebody's own, a line each; nothing where there are none.
  /// Changes nothing. Throws DestinationFailure(schema) where it would not adopt one of them.
  std::vector<std::string> preview_adoption();
  /// Why an event trigger would stop up(): where there are any, what it would make is made in a transaction that is
  /// rolled back.
  std::optional<Failure> stopped_by_event_trigger();
  /// Throws DestinationFailure(schema) that names what of forebay's tables does not fit: what up() cannot mend.
  void check_fit();
  std::vector<std::string> down_preview(int count);
  std::vector<std::string> down(int count);
  /// Creates a declared stream's table unless there is one.
  void create_table(const std::string& sql);

 private:
  struct Step {
    const Migration* migration;
    bool again;
  };

  bool table_exists(const std::string& name);
  void check_none_waits(const std::vector<AppliedMigration>& rows, const std::vector<const Stream*>& streams);
  std::vector<Step> steps(const std::vector<AppliedMigration>& rows, Adopt may_adopt);
  void take(const Step& step, const std::map<int, Adoption>& adoptions, std::vector<std::string>& lines);
  void note(const Migration& migration, bool adopted);
  void run_adopting(const Adoption& adoption, const std::string& statement);
  /// Of tables that are somebody's own, by the number of the migration.
  std::map<int, Adoption> plan_adoptions(const std::vector<AppliedMigration>& rows);
  std::vector<AppliedMigration> applied();
  void lock();
  std::vector<std::string> down_lines(int count, bool run);

  PostgresSession& session_;
  std::string prelude_;
  std::vector<Migration> known_;
};

}  // namespace forebay
