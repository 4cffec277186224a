#include <algorithm>
#include <catch2/catch.hpp>

#include "sink/contract.hpp"

// What a table's own code does to rows that PostgreSQL takes without an error. docs/tables.md lists it.
namespace forebay::test {
namespace {

constexpr const char* kSmallColumns =
    "set_id bigint NOT NULL, path text COLLATE \"C\" NOT NULL, size bigint, note text, row_version bigint NOT NULL "
    "DEFAULT 0, touched_at timestamptz DEFAULT now()";

std::string table_of(const std::string& more = ", PRIMARY KEY (set_id, path)", const std::string& after = "") {
  return "CREATE TABLE small_files (" + std::string(kSmallColumns) + more + ")" + after;
}

struct TriggerCase {
  const char* what;
  std::vector<std::string> setup;
  const char* named = "trigger odd dropped, moved or changed it";
};

TriggerCase row_trigger(const char* what, const std::string& when, const std::string& body,
                        std::string table = table_of(), const std::string& more = {}) {
  TriggerCase given{what, {std::move(table)}};
  if (!more.empty()) given.setup.push_back(more);
  given.setup.push_back("CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + body + " END $$");
  given.setup.push_back("CREATE " + when + " EXECUTE FUNCTION odd()");
  return given;
}

const std::string kOdd = "IF NEW.path = '/odd' THEN ";
const std::string kThere = "INSERT INTO small_files (set_id, path, row_version) VALUES (1, '/odd', 1)";

std::vector<TriggerCase> swallowing() {
  const std::string before = "TRIGGER odd BEFORE INSERT OR UPDATE ON small_files FOR EACH ROW";
  const std::string after = "TRIGGER odd AFTER INSERT OR UPDATE ON small_files FOR EACH ROW";
  const std::string deletes = kOdd + "DELETE FROM small_files WHERE path = NEW.path; END IF; RETURN NULL;";
  TriggerCase partition = row_trigger("a partition's trigger", "TRIGGER odd BEFORE INSERT ON part FOR EACH ROW",
                                      kOdd + "RETURN NULL; END IF; RETURN NEW;",
                                      table_of(", PRIMARY KEY (set_id, path)", " PARTITION BY RANGE (set_id)"),
                                      "CREATE TABLE part PARTITION OF small_files FOR VALUES FROM (0) TO (9)");
  partition.named = "trigger odd of part dropped, moved or changed it";
  return {
      row_trigger("NULL before an insert", before, kOdd + "RETURN NULL; END IF; RETURN NEW;"),
      row_trigger("NULL before an update", "TRIGGER odd BEFORE UPDATE ON small_files FOR EACH ROW",
                  kOdd + "RETURN NULL; END IF; RETURN NEW;", table_of(), kThere),
      row_trigger("another key", before, kOdd + "NEW.path := '/even'; END IF; RETURN NEW;"),
      row_trigger("an older version", before, kOdd + "NEW.row_version := 0; END IF; RETURN NEW;"),
      row_trigger("a deletion afterwards", after, deletes),
      row_trigger("a deletion at COMMIT",
                  "CONSTRAINT TRIGGER odd AFTER INSERT ON small_files DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
                  deletes),
      row_trigger("a deletion after the statement", "TRIGGER odd AFTER INSERT ON small_files",
                  "DELETE FROM small_files WHERE path = '/odd'; RETURN NULL;"),
      row_trigger("another table", before,
                  kOdd + "INSERT INTO elsewhere VALUES (NEW.path); RETURN NULL; END IF; RETURN NEW;", table_of(),
                  "CREATE TABLE elsewhere (path text)"),
      partition,
      row_trigger("a partition's trigger that its parent has", "TRIGGER odd BEFORE INSERT ON small_files FOR EACH ROW",
                  kOdd + "RETURN NULL; END IF; RETURN NEW;",
                  table_of(", PRIMARY KEY (set_id, path)", " PARTITION BY RANGE (set_id)"),
                  "CREATE TABLE part PARTITION OF small_files FOR VALUES FROM (0) TO (9)"),
  };
}

struct Sent {
  Written written;
  std::vector<RefusedRow> kept;
};

BatchRange three_rows(const Stream& stream, std::uint64_t segment = 1) {
  RangeMaker rows(stream, "b", segment);
  return rows.add(11, small_row(1, "/a", 1)).add(12, small_row(1, "/odd", 2)).add(13, small_row(1, "/z", 3)).range();
}

Sent send(Sink& sink, const BatchRange& range) {
  Sent outcome;
  Batch batch(Reason::end, {range});
  const WriteOutcome written = sink.write(batch, [&](const Batch&, const auto& refused) { outcome.kept = refused; });
  if (const auto* failure = std::get_if<Failure>(&written)) FAIL(failure->message);
  outcome.written = std::get<Written>(written);
  return outcome;
}

TEMPLATE_TEST_CASE("rows that a table's triggers drop, move or change go to quarantine", "[sink][postgres][threads]",
                   PostgresFixture, PostgresNoTempFixture, OpenGauss5AFixture) {
  for (const TriggerCase& given : swallowing()) {
    INFO(given.what);
    TestType fixture;
    if (!fixture.available()) return;
    for (const std::string& sql : given.setup) fixture.exec(sql);
    fixture.exec("ALTER FUNCTION odd() SECURITY DEFINER SET search_path = " + fixture.schema());
    fixture.hand_over("small_files");
    const Stream stream = small_stream();
    const auto sink = fixture.destination()->make_sink({&stream});
    const Sent outcome = send(*sink, three_rows(stream));
    REQUIRE(outcome.kept.size() == 1);
    CHECK(outcome.kept[0].number == 2);
    CHECK(outcome.kept[0].sqlstate == "09000");
    CHECK_THAT(outcome.kept[0].message, Catch::Contains("took the row without an error and does not hold it") &&
                                            Catch::Contains(given.named) && !Catch::Contains("/odd"));
    CHECK(outcome.written.ranges[0].synced == 2);
    CHECK(outcome.written.ranges[0].quarantined == 1);
    CHECK(fixture.one("SELECT count(*) FROM small_files WHERE path IN ('/a', '/z')") == "2");
    CHECK(fixture.one("SELECT synced || ' ' || quarantined FROM sync_batches") == "2 1");
    CHECK(std::get<Written>(
              sink->write(*std::make_unique<Batch>(
                  Reason::end, std::vector{RangeMaker(stream, "b", 2).add(20, small_row(1, "/a", 9)).range()})))
              .ranges[0]
              .synced == 1);
  }
}

TEST_CASE("rows that a table's triggers complete, copy, or keep in a table that inherits from it count as synced",
          "[sink][postgres][threads]") {
  const std::string before = "TRIGGER odd BEFORE INSERT OR UPDATE ON small_files FOR EACH ROW";
  const std::vector<TriggerCase> cases = {
      row_trigger("another column", before, "NEW.note := 'seen'; RETURN NEW;"),
      row_trigger("a newer version", before, "NEW.row_version := NEW.row_version + 1; RETURN NEW;"),
      row_trigger("an audit", "TRIGGER odd AFTER INSERT ON small_files FOR EACH ROW",
                  "INSERT INTO audit VALUES (NEW.path); RETURN NULL;", table_of(), "CREATE TABLE audit (path text)"),
      row_trigger("a child, as partitioning by triggers has it",
                  "TRIGGER odd BEFORE INSERT ON small_files FOR EACH ROW",
                  "INSERT INTO child SELECT NEW.*; RETURN NULL;", table_of(),
                  "CREATE TABLE child (CHECK (set_id = 1)) INHERITS (small_files)"),
  };
  for (const TriggerCase& given : cases) {
    INFO(given.what);
    PostgresFixture fixture;
    if (!fixture.available()) return;
    for (const std::string& sql : given.setup) fixture.exec(sql);
    const Stream stream = small_stream();
    const auto sink = fixture.destination()->make_sink({&stream});
    const Sent outcome = send(*sink, three_rows(stream));
    CHECK(outcome.kept.empty());
    CHECK(outcome.written.ranges[0].synced == 3);
    CHECK(fixture.one("SELECT count(*) FROM small_files") == "3");
  }
}

TEST_CASE("of a row that a trigger drops the next older one of its key is tried", "[sink][postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const TriggerCase given = row_trigger("", "TRIGGER odd BEFORE INSERT OR UPDATE ON small_files FOR EACH ROW",
                                        "IF NEW.size > 5 THEN RETURN NULL; END IF; RETURN NEW;");
  for (const std::string& sql : given.setup) fixture.exec(sql);
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  RangeMaker rows(stream, "b", 1);
  rows.add(1, small_row(1, "/a", 1)).add(2, small_row(1, "/a", 2)).add(3, small_row(1, "/a", 6));
  const Sent outcome = send(*sink, rows.range());
  REQUIRE(outcome.kept.size() == 1);
  CHECK(outcome.kept[0].number == 3);
  CHECK(outcome.written.ranges[0].synced == 1);
  CHECK(outcome.written.ranges[0].superseded == 1);
  CHECK(fixture.one("SELECT size FROM small_files") == "2");
}

TEST_CASE("what a trigger of one table deletes from another in the same batch is not counted there",
          "[sink][postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream files = small_stream();
  const Stream sets = small_stream("small_sets");
  const auto sink = fixture.destination()->make_sink({&files, &sets});
  opens(*sink);
  fixture.exec(
      "CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM small_files WHERE path = "
      "'/odd'; RETURN NULL; END $$");
  fixture.exec("CREATE TRIGGER odd AFTER INSERT ON small_sets FOR EACH ROW EXECUTE FUNCTION odd()");
  RangeMaker set(sets, "b", 2);
  Sent outcome;
  Batch batch(Reason::end, {three_rows(files), set.add(14, small_row(1, "/")).range()});
  const WriteOutcome written = sink->write(batch, [&](const Batch&, const auto& refused) { outcome.kept = refused; });
  REQUIRE(std::holds_alternative<Written>(written));
  REQUIRE(outcome.kept.size() == 1);
  CHECK(outcome.kept[0].number == 2);
  CHECK(std::get<Written>(written).ranges[0].synced == 2);
}

TEST_CASE("a trigger that comes or goes between two batches is noticed", "[sink][postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const int depth = GENERATE(0, 1, 2);  // of partitions; a table that lies two down has to be looked at, too
  CAPTURE(depth);
  fixture.exec(table_of(", PRIMARY KEY (set_id, path)", depth > 0 ? " PARTITION BY RANGE (set_id)" : ""));
  std::string table = "small_files";
  for (int level = 1; level <= depth; ++level) {
    const std::string part = "part" + std::to_string(level);
    fixture.exec("CREATE TABLE " + part + " PARTITION OF " + table + " FOR VALUES FROM (0) TO (9)" +
                 (level < depth ? " PARTITION BY RANGE (set_id)" : ""));
    table = part;
  }
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  CHECK(send(*sink, three_rows(stream)).kept.empty());
  fixture.exec("DELETE FROM small_files");
  fixture.exec("CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + kOdd +
               "RETURN NULL; END IF; RETURN NEW; END $$");
  fixture.exec("CREATE TRIGGER odd BEFORE INSERT ON " + table + " FOR EACH ROW EXECUTE FUNCTION odd()");
  CHECK(send(*sink, three_rows(stream, 2)).kept.size() == 1);
  fixture.exec("ALTER TABLE " + table + " DISABLE TRIGGER odd");
  CHECK(send(*sink, three_rows(stream, 3)).kept.empty());
}

TEST_CASE("a trigger that drops most rows is a schema problem, and nothing of the batch lands",
          "[sink][postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const TriggerCase given = row_trigger("", "TRIGGER odd BEFORE INSERT ON small_files FOR EACH ROW", "RETURN NULL;");
  for (const std::string& sql : given.setup) fixture.exec(sql);
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  RangeMaker rows(stream, "b", 1);
  for (int i = 0; i < 100; ++i) rows.add(i + 1, small_row(i, "/a"));
  Batch batch(Reason::end, {rows.range()});
  Kept kept;
  const WriteOutcome outcome = sink->write(batch, kept.keep());
  REQUIRE(std::holds_alternative<Failure>(outcome));
  CHECK(std::get<Failure>(outcome).failure_class == FailureClass::schema);
  CHECK_THAT(std::get<Failure>(outcome).message, Catch::Contains("trigger odd"));
  CHECK(kept.calls == 0);
}

TEST_CASE("a trigger of the batch ledger that drops its rows is a schema problem, and nothing lands",
          "[sink][postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  fixture.exec("CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$");
  fixture.exec("CREATE TRIGGER odd BEFORE INSERT ON sync_batches FOR EACH ROW EXECUTE FUNCTION odd()");
  const Failure failure = refused(*sink, {three_rows(stream)});
  CHECK(failure.failure_class == FailureClass::schema);
  CHECK_THAT(failure.message,
             Catch::Contains("trigger odd dropped it. Table") && Catch::Contains("DISABLE TRIGGER odd"));
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "0");
  fixture.exec("DROP TRIGGER odd ON sync_batches");
  CHECK(send(*sink, three_rows(stream)).written.ranges[0].synced == 3);
}

TEST_CASE("what only looks like a table is refused", "[sink][postgres][threads]") {
  const bool with_code = GENERATE(false, true);
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.exec("CREATE TABLE kept (" + std::string(kSmallColumns) + ", PRIMARY KEY (set_id, path))");
  fixture.exec("CREATE VIEW small_files AS SELECT * FROM kept");
  if (with_code) {
    fixture.exec("CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$");
    fixture.exec("CREATE TRIGGER odd INSTEAD OF INSERT ON small_files FOR EACH ROW EXECUTE FUNCTION odd()");
  }
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  const auto failure = sink->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::schema);
  CHECK_THAT(failure->message, Catch::Contains("it is not a table"));
  fixture.exec("ALTER VIEW small_files RENAME TO seen_files");
  CHECK(send(*sink, three_rows(stream)).written.ranges[0].synced == 3);
}

TEST_CASE("a table that a crash would empty is noted at connect", "[sink][postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  std::vector<std::string> notes;
  DestinationOptions options;
  options.note = [&](const std::string& note) { notes.push_back(note); };
  const Stream stream = small_stream();
  const auto noted = [&] {
    notes.clear();
    const auto destination = fixture.destination(options);
    opens(*destination->make_sink({&stream}));
    opens(*destination->make_sink({&stream}));
    return std::count_if(notes.begin(), notes.end(), [](const std::string& n) { return n.starts_with("UNLOGGED: "); });
  };
  fixture.exec("CREATE UNLOGGED TABLE small_files (" + std::string(kSmallColumns) + ", PRIMARY KEY (set_id, path))");
  CHECK(noted() == 1);
  fixture.exec("ALTER TABLE small_files SET LOGGED");
  CHECK(noted() == 0);
}

TEST_CASE("a row that a policy hides is not counted", "[sink][postgres][threads]") {
  PostgresNoTempFixture fixture;
  if (!fixture.available()) return;
  fixture.exec(table_of());
  fixture.exec("ALTER TABLE small_files ENABLE ROW LEVEL SECURITY");
  fixture.exec("ALTER TABLE small_files FORCE ROW LEVEL SECURITY");
  fixture.exec("CREATE POLICY writes ON small_files FOR INSERT WITH CHECK (true)");
  fixture.exec("CREATE POLICY changes ON small_files FOR UPDATE USING (true)");
  fixture.exec("CREATE POLICY reads ON small_files FOR SELECT USING (path <> '/odd')");
  fixture.hand_over("small_files");
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  Batch batch(Reason::end, {three_rows(stream)});
  Kept kept;
  const WriteOutcome outcome = sink->write(batch, kept.keep());
  const auto* written = std::get_if<Written>(&outcome);
  CHECK((written != nullptr ? written->ranges[0].synced : 0) <= 2);
  CHECK(fixture.one("SELECT count(*) FROM small_files WHERE path = '/odd'") == "0");
}

TEST_CASE("a table with a rule is refused with the statement that drops it", "[sink][postgres][threads]") {
  const auto& [rule, in_the_way] = GENERATE(table<const char*, bool>({
      {"CREATE RULE odd AS ON INSERT TO small_files DO ALSO INSERT INTO audit VALUES (new.path)", true},
      {"CREATE RULE odd AS ON INSERT TO small_files DO INSTEAD NOTHING", true},
      {"CREATE RULE odd AS ON UPDATE TO small_files DO ALSO INSERT INTO audit VALUES (new.path)", true},
      {"CREATE RULE odd AS ON INSERT TO sync_batches DO INSTEAD NOTHING", true},
      {"CREATE RULE odd AS ON INSERT TO sync_batches DO ALSO INSERT INTO audit VALUES (new.buffer)", false},
      {"CREATE RULE odd AS ON DELETE TO small_files DO INSTEAD NOTHING", false},
      {"CREATE RULE odd AS ON INSERT TO small_files DO INSTEAD NOTHING; ALTER TABLE small_files DISABLE RULE odd",
       false},
      {"CREATE RULE odd AS ON UPDATE TO small_files DO INSTEAD NOTHING; ALTER TABLE small_files DISABLE RULE odd",
       true},
      {"CREATE RULE odd AS ON INSERT TO part DO INSTEAD NOTHING", false},
  }));
  CAPTURE(rule);
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.exec("CREATE TABLE audit (path text)");
  fixture.exec(table_of(", PRIMARY KEY (set_id, path)", " PARTITION BY RANGE (set_id)"));
  fixture.exec("CREATE TABLE part PARTITION OF small_files FOR VALUES FROM (0) TO (9)");
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  CHECK(send(*sink, three_rows(stream)).written.ranges[0].synced == 3);
  fixture.exec(rule);
  if (in_the_way) {
    const auto failure = fixture.destination()->make_sink({&stream})->open();
    REQUIRE(failure);
    CHECK(failure->failure_class == FailureClass::schema);
    CHECK_THAT(failure->message, Catch::Contains("rule odd"));
    const auto at = failure->message.find("DROP RULE");
    REQUIRE(at != std::string::npos);
    fixture.exec(failure->message.substr(at));
  }
  // Over rows that are there, and by a connection that was there before the rule.
  CHECK(send(*sink, RangeMaker(stream, "b", 2).add(20, small_row(1, "/a")).add(21, small_row(1, "/b")).range())
            .written.ranges[0]
            .synced == 2);
}

}  // namespace
}  // namespace forebay::test
