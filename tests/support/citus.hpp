#pragma once

#include <string>

#include "sink/fixtures.hpp"

namespace forebay::test {

/// The cluster that scripts/with-citus.sh has started.
class CitusCluster {
 public:
  /// False, and said so, without it.
  static bool available();

  /// The folders of its servers are their hosts.
  static std::string coordinator();
  /// `worker`: its folder, as in pg_dist_node. Ends it as a crash would; waits until it is gone, or back.
  static void stop(const std::string& worker);
  static void start(const std::string& worker);
  /// Ends the processes of a worker that serve the coordinator.
  static void end_connections(const std::string& worker);
  /// Has Citus decide all that was left prepared.
  static void recover();
  /// The worker with the rows of that value of a table's distribution column.
  static std::string worker_with(PostgresFixture& fixture, const std::string& table, const std::string& value);
};

/// A schema of the coordinator with forebay's tables, distributed as a user does it. `how`: SQL after `migrate up`.
class CitusFixture : public PostgresFixture {
 public:
  explicit CitusFixture(const std::string& how = "SELECT create_distributed_table('backup_files', 'backup_set_id')");
  bool available() const override { return CitusCluster::available() && PostgresFixture::available(); }
};

}  // namespace forebay::test
