#include "scan/file_row.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "forebay/error.hpp"
#include "forebay/stream.hpp"

using namespace forebay;

namespace {

const Value& column(std::span<const Value> row, const char* name) {
  return row[backup_files_stream().column_index(name)];
}

std::string text(std::span<const Value> row, const char* name) {
  const Value& value = column(row, name);
  return value.is_null() ? "(null)" : std::string(value.as_chars());
}

void check_types(std::span<const Value> row, const Stream& stream) {
  REQUIRE(row.size() == stream.columns.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    INFO(stream.columns[i].name);
    CHECK((row[i].is_null() ? !stream.columns[i].not_null : row[i].is(stream.columns[i].type)));
  }
}

}  // namespace

TEST_CASE("a usual record becomes a row that borrows its text") {
  const std::string path = "/var/log/syslog";
  FileRecord record{.backup_set_id = 7, .path = path, .file_type = "file", .size = 42, .permissions = 0644};
  record.owner = "root";
  record.group = "adm";
  record.modified_time_us = 1'700'000'000'000'000;
  record.backup_time_us = 1'700'000'000'000'001;
  FileRow filler;
  const auto row = filler.fill(record);
  check_types(row, backup_files_stream());
  CHECK(column(row, "backup_set_id").as_integer() == 7);
  CHECK(column(row, "file_path").as_chars().data() == path.data());
  CHECK(text(row, "file_path") == path);
  CHECK(text(row, "file_name") == "syslog");
  CHECK(text(row, "directory_path") == "/var/log");
  CHECK(column(row, "display_name").is_null());
  CHECK(text(row, "file_type") == "file");
  CHECK(column(row, "file_size").as_integer() == 42);
  CHECK(text(row, "file_permissions") == "0644");
  CHECK(text(row, "file_owner") == "root");
  CHECK(text(row, "file_group") == "adm");
  CHECK(column(row, "created_time").is_null());
  CHECK(column(row, "modified_time").as_integer() == 1'700'000'000'000'000);
  CHECK(column(row, "backup_time").as_integer() == 1'700'000'000'000'001);
  CHECK(column(row, "full_path").is_null());
}

TEST_CASE("names and directories at the edges") {
  FileRow filler;
  auto row = filler.fill({.path = "/"});
  CHECK(text(row, "file_name") == "/");
  CHECK(column(row, "directory_path").is_null());
  row = filler.fill({.path = "/etc"});
  CHECK(text(row, "file_name") == "etc");
  CHECK(text(row, "directory_path") == "/");
}

TEST_CASE("hostile names are stored whole and shown harmless") {
  FileRow filler;
  auto row = filler.fill({.path = "/tmp/caf\xE9"});
  CHECK(text(row, "file_path") == "%/tmp/caf%E9");
  CHECK(text(row, "file_name") == "%/caf%E9");
  CHECK(text(row, "directory_path") == "/tmp");
  CHECK(text(row, "display_name") == "caf\\xE9");

  row = filler.fill({.path = "/\xFF/plain"});
  CHECK(text(row, "file_path") == "%/%FF/plain");
  CHECK(text(row, "file_name") == "plain");
  CHECK(text(row, "directory_path") == "%/%FF");
  CHECK(column(row, "display_name").is_null());

  row = filler.fill({.path = "/a\nb"});
  CHECK(text(row, "file_path") == "/a\nb");
  CHECK(text(row, "display_name") == "a\\nb");

  row = filler.fill({.path = "/é/ü"});
  CHECK(text(row, "file_path") == "/é/ü");
  CHECK(column(row, "display_name").is_null());

  row = filler.fill({.path = "/x", .owner = "m\xFCller"});
  CHECK(text(row, "file_owner") == "%/m%FCller");
}

TEST_CASE("a long path stands whole in full_path") {
  FileRow filler;
  std::string path;
  while (path.size() < 4000) path += "/" + std::string(199, 'd');
  auto row = filler.fill({.path = path});
  check_types(row, backup_files_stream());
  CHECK(text(row, "file_path") == path_key(path));
  CHECK(text(row, "full_path") == path);

  // 700 bytes that are not UTF-8 need 2,100 in the stored form.
  path = "/" + std::string(700, '\xFF');
  row = filler.fill({.path = path});
  CHECK(path_bytes(text(row, "full_path")) == path);
  CHECK(text(row, "file_path").size() <= 2000);
}

TEST_CASE("permissions are four octal digits") {
  FileRow filler;
  CHECK(text(filler.fill({.path = "/x", .permissions = 0}), "file_permissions") == "0000");
  CHECK(text(filler.fill({.path = "/x", .permissions = 07777}), "file_permissions") == "7777");
  CHECK(text(filler.fill({.path = "/x", .permissions = 0100644}), "file_permissions") == "0644");
}

TEST_CASE("times before PostgreSQL's first day are null, and the time seen is that day") {
  constexpr std::int64_t kFirst =
      -210'866'803'200'000'000;  // select extract(epoch from '4714-11-24 BC'::timestamp) * 1000000
  FileRow filler;
  FileRecord record{.path = "/x"};
  record.modified_time_us = kFirst;
  record.accessed_time_us = kFirst - 1;
  record.changed_time_us = std::numeric_limits<std::int64_t>::max();
  record.backup_time_us = std::numeric_limits<std::int64_t>::min();
  const auto row = filler.fill(record);
  CHECK(column(row, "modified_time").as_integer() == kFirst);
  CHECK(column(row, "accessed_time").is_null());
  CHECK(column(row, "changed_time").as_integer() == std::numeric_limits<std::int64_t>::max());
  CHECK(column(row, "backup_time").as_integer() == kFirst);
}

TEST_CASE("a record that cannot be stored unambiguously is refused without showing it") {
  FileRow filler;
  for (const char* path : {"", "secret", "./secret", "%/secret", "/secret/", "/se//cret", "//"}) {
    INFO(path);
    try {
      filler.fill({.path = path});
      FAIL("accepted");
    } catch (const Error& e) {
      CHECK(e.code() == ErrorCode::usage);
      CHECK_THAT(e.what(), !Catch::Contains("cret"));
    }
  }
  CHECK_THROWS_AS(filler.fill({.path = "/x", .file_type = "folder"}), Error);
}

TEST_CASE("a filler's next row owes nothing to the one before") {
  FileRow filler;
  filler.fill({.path = "/\xFF/\n" + std::string(3000, 'x'), .owner = "\xFF"});
  const auto row = filler.fill({.path = "/plain"});
  CHECK(text(row, "file_path") == "/plain");
  CHECK(column(row, "full_path").is_null());
  CHECK(column(row, "display_name").is_null());
  CHECK(column(row, "file_owner").is_null());
}

TEST_CASE("a backup set becomes a row of its own stream") {
  BackupSetRow filler;
  const BackupSet set{.id = 3, .name = "nightly", .root = "/srv", .host = "tape1", .started_us = 5, .finished_us = {}};
  auto row = filler.fill(set);
  check_types(row, backup_sets_stream());
  CHECK(row[0].as_integer() == 3);
  CHECK(row[1].as_chars() == "nightly");
  CHECK(row[2].as_chars() == "/srv");
  CHECK(row[3].as_chars() == "tape1");
  CHECK(row[4].as_integer() == 5);
  CHECK(row[5].is_null());
  const BackupSet odd{.id = 3, .name = "n\xFF", .root = "/s\xFF", .host = "", .started_us = 5, .finished_us = 6};
  row = filler.fill(odd);
  CHECK(row[1].as_chars() == "%/n%FF");
  CHECK(row[2].as_chars() == "%/s%FF");
  CHECK(row[3].is_null());
  CHECK(row[5].as_integer() == 6);
}
