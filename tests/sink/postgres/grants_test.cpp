#include "sink/postgres/grants.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "engine/destination.hpp"
#include "scan/file_row.hpp"
#include "sink/contract.hpp"
#include "support/own_database.hpp"

// What a role lacks, named at once, and in statements that are run here as they stand.
namespace forebay::test {
namespace {

const std::vector<const Stream*> kBuiltIn = {&backup_files_stream(), &backup_sets_stream()};

std::string told_by(const std::string& url, const std::vector<const Stream*>& streams) {
  const auto failure = make_destination(url, {})->make_sink(streams)->open();
  if (!failure) return {};
  CHECK(failure->failure_class == FailureClass::schema);
  CHECK(failure->sqlstate == "42501");
  return failure->message;
}

std::string grants_in(const std::string& message) {
  INFO(message);
  REQUIRE(message.find("GRANT ") != std::string::npos);
  return message.substr(message.find("GRANT "));
}

TEST_CASE("a search path is read as the server shows it") {
  using Names = std::vector<std::string>;
  CHECK(search_path_names("\"$user\", public") == Names{"$user", "public"});
  CHECK(search_path_names("Files,\"Fi,l\"\"ing\" ,x") == Names{"files", "Fi,l\"ing", "x"});
  CHECK(search_path_names("\"\"").empty());
  CHECK(search_path_names("").empty());
}

TEST_CASE("all grants that are missing are named at once, and no other", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  make_destination(database.owner_url(), {})->migrate_up();  // as another owner
  const auto told = [&] { return told_by(database.url(), kBuiltIn); };
  const std::string to = " TO " + database.role();
  const std::string all = told();
  CHECK_THAT(all, Catch::EndsWith("the owner, run: GRANT SELECT ON public.forebay_migrations" + to +
                                  "; GRANT SELECT, INSERT ON public.sync_batches" + to +
                                  "; GRANT SELECT, INSERT, UPDATE ON public.backup_files" + to +
                                  "; GRANT SELECT, INSERT, UPDATE ON public.backup_sets" + to));
  database.exec(grants_in(all));
  CHECK(told().empty());

  database.exec("REVOKE UPDATE ON backup_files FROM " + database.role() + "; REVOKE INSERT ON sync_batches FROM " +
                database.role() + "; REVOKE SELECT ON forebay_migrations FROM " + database.role());
  const std::string three = told();
  CHECK_THAT(three, Catch::Contains("lacks SELECT on public.forebay_migrations; INSERT on public.sync_batches; UPDATE "
                                    "on public.backup_files (42501)") &&
                        !Catch::Contains("backup_sets"));
  database.exec(grants_in(three));
  CHECK(told().empty());
}

TEST_CASE("a grant on the columns that forebay writes is enough, and one on fewer is named", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  make_destination(database.owner_url(), {})->migrate_up();
  const auto told = [&] { return told_by(database.url(), kBuiltIn); };
  database.exec(grants_in(told()));
  database.exec("REVOKE UPDATE, SELECT ON backup_files FROM " + database.role());
  const Stream& files = backup_files_stream();
  std::string all = "sync_version";
  std::string columns = "sync_version, updated_at";
  for (const Column& c : files.columns) {
    all += ", " + c.name;
    const bool in_key = std::find(files.key.begin(), files.key.end(), c.name) != files.key.end();
    if (c.name != "file_size" && !in_key) columns += ", " + c.name;
  }
  database.exec("GRANT UPDATE (" + columns + "), SELECT (" + all + ") ON backup_files TO " + database.role());
  CHECK_THAT(told(), Catch::Contains("lacks UPDATE on public.backup_files (42501)"));
  database.exec("GRANT UPDATE (file_size) ON backup_files TO " + database.role());
  CHECK(told().empty());
  const auto sink = database.destination()->make_sink(kBuiltIn);
  for (std::uint64_t segment = 1; segment <= 2; ++segment) {  // new, and over a row that is there
    FileRecord record;
    record.backup_set_id = 1;
    record.path = "/a";
    FileRow row_of;
    const auto values = row_of.fill(record);
    RangeMaker rows(files, "b", segment);
    rows.add(static_cast<std::int64_t>(segment), {values.begin(), values.end()});
    CHECK(written(*sink, {rows.range()}).ranges.at(0).synced == 1);
  }

  // Without INSERT or UPDATE on the whole table it cannot be locked.
  database.exec("REVOKE INSERT ON backup_files FROM " + database.role() + "; GRANT INSERT (" + all +
                ", updated_at) ON backup_files TO " + database.role());
  CHECK_THAT(told(), Catch::Contains("lacks INSERT on public.backup_files (42501)"));
  database.exec(grants_in(told()));
  CHECK(told().empty());
}

TEST_CASE("grants are named by owner for a role of an odd name, and for tables in two schemas, one of them closed",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const std::string odd = "\"" + database.role() + " O\"\"dd\"";
  const std::string owner = database.role() + "_owner";
  database.exec("CREATE ROLE " + odd + " LOGIN; CREATE ROLE " + owner +
                "; CREATE SCHEMA \"Filing\"; REVOKE ALL ON SCHEMA public FROM PUBLIC");
  make_destination(database.owner_url() + "&options=-csearch_path%3D%22Filing%22", {})->migrate_up();
  database.exec("ALTER TABLE \"Filing\".backup_sets SET SCHEMA public; ALTER TABLE backup_sets OWNER TO " + owner +
                "; GRANT USAGE ON SCHEMA public TO " + odd);
  const std::string url = database_url_with("dbname=" + database.role() + "&user=" + database.role() +
                                            "%20O%22dd&options=-csearch_path%3Dpublic,%22Filing%22");
  const std::string all = told_by(url, kBuiltIn);
  CHECK_THAT(all, Catch::StartsWith("role " + odd +
                                    " lacks USAGE on schema \"Filing\"; SELECT on "
                                    "\"Filing\".forebay_migrations; ") &&
                      Catch::Contains("each as the owner (schema \"Filing\" of ") &&
                      Catch::Contains("public.backup_sets of " + owner) &&
                      Catch::Contains("run: GRANT USAGE ON SCHEMA \"Filing\" TO " + odd + "; ") &&
                      Catch::EndsWith("GRANT SELECT, INSERT, UPDATE ON public.backup_sets TO " + odd));
  database.exec(grants_in(all));
  CHECK(told_by(url, kBuiltIn).empty());
  database.exec("DROP OWNED BY " + odd + ", " + owner + "; DROP ROLE " + odd + ", " + owner);
}

TEST_CASE("rights of a role are counted through membership only where they are inherited", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  make_destination(database.owner_url(), {})->migrate_up();
  const std::string group = database.role() + "_group";
  database.exec("CREATE ROLE " + group);
  const bool inherits = GENERATE(true, false);
  CAPTURE(inherits);
  database.exec("ALTER ROLE " + database.role() + (inherits ? " INHERIT" : " NOINHERIT") + "; GRANT " + group + " TO " +
                database.role() + "; GRANT ALL ON ALL TABLES IN SCHEMA public TO " + group);
  const std::string lacks = told_by(database.url(), kBuiltIn);
  CHECK(lacks.empty() == inherits);
  if (!inherits) {
    // As SET ROLE is its way.
    CHECK(told_by(database.url() + "&options=-crole%3D" + group, kBuiltIn).empty());
    database.exec(grants_in(lacks));
    CHECK(told_by(database.url(), kBuiltIn).empty());
  }
  database.exec("DROP OWNED BY " + group + "; DROP ROLE " + group);
}

TEST_CASE("for a table of another stream that is still to be made, CREATE is named with the other grants",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  make_destination(database.owner_url(), {})->migrate_up();
  const bool elsewhere = GENERATE(false, true);
  CAPTURE(elsewhere);
  database.exec("CREATE SCHEMA archive; GRANT SELECT ON forebay_migrations TO " + database.role());
  Stream stream = small_stream();
  if (elsewhere) stream.table = "archive.small_files";
  const std::string lacks = told_by(database.url(), {&stream});
  CHECK_THAT(lacks, Catch::Contains(elsewhere ? "lacks USAGE, CREATE on schema archive; SELECT, INSERT on "
                                              : "lacks CREATE on schema public; SELECT, INSERT on "));
  database.exec(grants_in(lacks));
  CHECK(told_by(database.url(), {&stream}).empty());
  database.exec("DROP SCHEMA archive CASCADE; DROP TABLE IF EXISTS small_files");
}

}  // namespace
}  // namespace forebay::test
