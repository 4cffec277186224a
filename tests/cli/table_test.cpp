// Tables of the command with names that are wider, or narrower, than their number of characters.

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "base/text.hpp"
#include "forebay/buffer.hpp"
#include "support/catalog_buffer.hpp"
#include "support/lines.hpp"
#include "support/refusing_place.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// Columns of the characters that these tests use, by EastAsianWidth.txt and UnicodeData.txt (Unicode 14).
std::size_t columns_of(const std::string& text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_sequence(text.data() + at, text.data() + text.size());
    REQUIRE(size > 0);
    const std::uint32_t c = utf8_code_point(text.data() + at, size);
    at += size;
    if (c >= 0x0300 && c <= 0x036F) continue;  // Mn
    const bool wide = (c >= 0x4E00 && c <= 0x9FFC) || (c >= 0x1F600 && c <= 0x1F64F) || (c >= 0xAC00 && c <= 0xD7A3);
    const bool narrow = c < 0x300 || c == 0x2026;
    CAPTURE(c);
    REQUIRE((wide || narrow));
    columns += wide ? 2 : 1;
  }
  return columns;
}

/// Where, on a terminal, the text begins that each line holds; fails when that is not the same place in all of them.
std::size_t column_at(const std::vector<std::string>& lines, const std::vector<std::string>& texts) {
  REQUIRE(lines.size() == texts.size());
  std::size_t column = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CAPTURE(lines[i], texts[i]);
    const std::size_t at = lines[i].rfind(texts[i]);
    REQUIRE(at != std::string::npos);
    const std::size_t here = columns_of(lines[i].substr(0, at));
    if (i == 0) column = here;
    CHECK(here == column);
  }
  return column;
}

std::size_t column_at(const std::vector<std::string>& lines, const std::string& text) {
  return column_at(lines, std::vector<std::string>(lines.size(), text));
}

std::vector<std::string> lines_with(const std::string& out, const std::string& text) {
  std::vector<std::string> found;
  std::istringstream in(out);
  for (std::string line; std::getline(in, line);) {
    if (says(line, text)) found.push_back(line);
  }
  return found;
}

const std::vector<std::string> kNames = {"bad", "bad坏文件", "bad e\u0301te\u0301", "bad😀", "bad한글한글한글"};

TEST_CASE("errors stands in columns whatever the names are", "[threads]") {
  const TemporaryDirectory directory;
  const Place place = catalog_place(directory);
  const ScanSite site(place.url);
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  place.refuse();
  const Tree tree;
  for (const std::string& name : kNames) std::ofstream(tree.path() + "/" + name) << "x";
  REQUIRE(site.run({"scan", tree.path(), "--set", "s"}).status == 1);

  const std::vector<std::string> arguments =
      GENERATE(std::vector<std::string>{"errors"}, std::vector<std::string>{"errors", "--show"});
  const std::string out = site.run(arguments).out;
  CAPTURE(out);
  std::vector<std::string> rows = lines_with(out, "refused by a trigger");
  REQUIRE(rows.size() == kNames.size());
  const std::size_t why = column_at(rows, place.sqlstate);
  const std::size_t message = column_at(rows, "refused by a trigger");
  const std::vector<std::string> head = lines_with(out, "attempts  last");
  REQUIRE(head.size() == 1);
  CHECK(column_at(head, "refused by") == why);
  CHECK(column_at(head, "message") == message);

  std::vector<std::string> drop = {"errors"};
  const nlohmann::json errors = summary_of(site.run({"errors", "--json"}));
  for (const auto& buffer : errors.at("buffers")) {
    for (const auto& row : buffer.at("rows")) drop.push_back("--drop=" + row.at("key").get<std::string>());
  }
  const std::string dropping = site.run(drop).out;
  CAPTURE(dropping);
  rows = lines_with(dropping, "(" + place.sqlstate);
  REQUIRE(rows.size() == kNames.size());
  column_at(rows, "(" + place.sqlstate);
}

TEST_CASE("checkpoint inspect and restore --dry-run stand in columns whatever sets and streams are called",
          "[threads]") {
  const TemporaryDirectory dir;
  Stream stream = measurements();
  stream.name = "测量e\u0301😀";
  stream.table = "measurements";
  Options options = catalog_options(dir);
  options.streams = {stream};
  std::string checkpoint;
  {
    Buffer buffer(options);
    Writer writer = buffer.writer(stream.name);
    writer.add(Measurement("a", 1));
    Writer sets = buffer.writer("backup_sets");
    Writer files = buffer.writer("backup_files");
    int id = 0;
    for (const std::string& name : kNames) {
      BackupSet set;
      set.id = ++id;
      set.name = name;
      set.host = "主机";
      set.root = "/srv/" + name;
      sets.add_set(set);
      FileRecord file;
      file.backup_set_id = id;
      const std::string path = "/srv/" + name + "/f";
      file.path = path;
      files.add_file(file);
    }
    checkpoint = buffer.create_checkpoint().path;
  }
  const std::string inspected = run_forebay_at(dir, {"checkpoint", "inspect", checkpoint}).out;
  CAPTURE(inspected);
  std::vector<std::string> rows = lines_with(inspected, "/srv/bad");
  std::erase_if(rows, [](const std::string& line) { return !says(line, "  1  bad"); });
  REQUIRE(rows.size() == kNames.size());
  const std::size_t name = column_at(rows, "  1  ");
  const std::size_t root = column_at(rows, "/srv/bad");
  const std::vector<std::string> head = lines_with(inspected, "name");
  CHECK(column_at({head.back()}, "root") == root);
  CHECK(name < root);

  const std::string compared =
      run_forebay_at(dir, {"restore", "--dry-run", checkpoint, "--to", options.destination}).out;
  CAPTURE(compared);
  std::vector<std::string> streams;
  std::vector<std::string> tables;
  for (const std::string table : {"backup_files", "backup_sets", "measurements"}) {
    for (const std::string& line : lines_with(compared, "  " + table + " ")) {
      streams.push_back(line);
      tables.push_back(table);
    }
  }
  REQUIRE(streams.size() == 3);
  const std::size_t table = column_at(streams, tables);
  CHECK(column_at(lines_with(compared, "newer in files"), "table") == table);
  for (const std::string& line : streams) CHECK(columns_of(line) == columns_of(streams.front()));
}

TEST_CASE("config show stands in columns whatever the values are", "[threads]") {
  ScanSite site;
  site.set("FOREBAY_LOG_FILE", "/日志/e\u0301😀.log");
  const std::string out = site.run({"config", "show"}).out;
  CAPTURE(out);
  std::vector<std::string> rows = lines_with(out, "FOREBAY_LOG_FILE");
  const std::vector<std::string> head = lines_with(out, "setting");
  REQUIRE(rows.size() == 1);
  CHECK(column_at(rows, "environment") == column_at({head.front()}, "source"));
}

}  // namespace
}  // namespace forebay::test
