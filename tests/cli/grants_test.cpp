// What the commands say to a role that lacks rights: all of it at once, in statements that are run here as they stand.

#include <catch2/catch.hpp>

#include "engine/destination.hpp"
#include "support/own_database.hpp"
#include "support/restore_files.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// From `begin` to the end of the line, without what a log says behind a failure.
std::string from(const std::string& said, const std::string& begin) {
  INFO(said);
  const auto at = said.find(begin);
  REQUIRE(at != std::string::npos);
  std::string line = said.substr(at, said.find('\n', at) - at);
  for (const char* behind : {"; destination is", "; kept in"}) line = line.substr(0, line.find(behind));
  return line;
}

TEST_CASE("every command names to a role without any right all that it lacks, and what they name is enough",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  database.exec("REVOKE ALL ON DATABASE " + database.role() + " FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC");
  const ScanSite site(database.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}, {"SYNC_CONNECT_TIMEOUT", "1"}});
  const auto lacking = [&] { return from(site.run({"config", "check"}).out, "role " + database.role() + " lacks "); };

  const auto out = site.run({"config", "check"});
  CHECK(out.status == 3);
  CHECK(says(out.out, "permission denied for database"));
  database.exec(from(out.out, "GRANT CONNECT ON DATABASE "));

  const std::string unmade = lacking();
  CHECK(says(unmade, "lacks USAGE, CREATE on schema public (42501). forebay's tables are still to be made. "));
  const bool by_owner = GENERATE(true, false);
  CAPTURE(by_owner);
  if (by_owner) {
    REQUIRE(says(unmade, "Run `forebay migrate up` as "));
    const ScanSite owner(database.owner_url());
    REQUIRE(owner.run({"migrate", "up"}).status == 0);
    const std::string made = lacking();
    const Tree tree;
    const auto scan = site.run({"scan", tree.path()});
    CHECK(scan.status == 3);
    CHECK(says(scan.err, made));
    CHECK(says(site.run({"recover"}).err, made));
    CHECK(says(site.run({"migrate", "status"}).err, made));
    const std::string grants = from(unmade, "GRANT USAGE ON SCHEMA public TO ");
    CHECK(from(made, "GRANT ") == grants.substr(0, grants.find(". Or let")));
    database.exec(grants.substr(0, grants.find(". Or let")));
  } else {
    database.exec(from(unmade, "GRANT USAGE, CREATE ON SCHEMA public"));
  }
  const Tree tree;
  tree.file("f");
  const auto scan = site.run({"scan", tree.path()});
  CAPTURE(scan.err);
  CHECK(scan.status == 0);
  CHECK(site.run({"config", "check"}).status == 0);
}

TEST_CASE("a dry run wants SELECT only, and says what the restore will want", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  REQUIRE(make_destination(database.owner_url(), {})->migrate_up().size() > 1);
  const TemporaryDirectory dir;
  CheckpointMaker maker(dir / "checkpoints");
  maker.segment(backup_sets_stream()).set(1, 1, "nightly");
  const std::string file = maker.segment(backup_files_stream()).files(20, 10).finish();
  const ScanSite site(database.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}, {"SYNC_CONNECT_TIMEOUT", "1"}});

  const auto refused = site.run({"restore", "--dry-run", file});
  CHECK(refused.status == 3);
  const std::string line = from(refused.err.substr(refused.err.find("forebay: ")), "GRANT ");
  CHECK(line == "GRANT SELECT ON public.backup_files TO " + database.role() +
                    "; GRANT SELECT ON public.backup_sets TO " + database.role());
  CHECK(says(refused.err, "the restore itself cannot be run yet: role "));
  database.exec(line);

  const auto tried = site.run({"restore", "--dry-run", file, "--json"});
  CAPTURE(tried.err);
  CHECK(tried.status == 0);
  CHECK(summary_of(tried).at("streams").at("backup_files").at("new") == 20);
  const std::string rest = from(tried.err, "the restore itself cannot be run yet: ");
  CHECK(says(rest, "INSERT, UPDATE on public.backup_files; INSERT, UPDATE on public.backup_sets (42501)"));
  const auto restore = site.run({"restore", file});
  CHECK(restore.status == 3);
  CHECK(says(restore.err, from(rest, "role ")));
  database.exec(from(rest, "GRANT "));
  CHECK_FALSE(says(site.run({"restore", "--dry-run", file}).err, "cannot be run"));
  CHECK(site.run({"restore", file}).status == 0);
  CHECK(database.one("SELECT count(*) FROM backup_files") == "20");
}

}  // namespace
}  // namespace forebay::test
