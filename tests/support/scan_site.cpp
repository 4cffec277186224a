#include "support/scan_site.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "forebay/file_record.hpp"
#include "sqlite/statement.hpp"

namespace forebay::test {

namespace fs = std::filesystem;

namespace {

std::string bytes_from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace

void ScanSite::set(const std::string& setting, std::string value) {
  if (value.empty()) {
    settings_.erase(setting);
  } else {
    settings_[setting] = std::move(value);
  }
}

CommandLine ScanSite::line(std::vector<std::string> arguments) const {
  CommandLine line;
  line.arguments = std::move(arguments);
  line.environment = settings_;
  line.environment.try_emplace("FOREBAY_STATE_DIR", state());
  line.directory = directory_.path();
  return line;
}

std::size_t ScanSite::buffers_left() const {
  const fs::path buffers = fs::path(state()) / "buffers";
  if (!fs::exists(buffers)) return 0;
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(buffers), fs::directory_iterator()));
}

std::uintmax_t ScanSite::journal_bytes() const {
  std::uintmax_t bytes = 0;
  std::error_code gone;  // files come and go meanwhile
  for (fs::recursive_directory_iterator at(fs::path(state()) / "buffers", gone), end; !gone && at != end;
       at.increment(gone)) {
    std::error_code ignored;
    const auto size = at->path().extension() == ".journal" ? fs::file_size(at->path(), ignored) : 0;
    if (!ignored) bytes += size;
  }
  return bytes;
}

nlohmann::json summary_of(const CommandResult& result) {
  INFO("status " << result.status << ", stderr: " << result.err);
  REQUIRE_FALSE(result.timed_out);
  REQUIRE(nlohmann::json::accept(result.out));
  return nlohmann::json::parse(result.out);
}

bool adds_up(const nlohmann::json& counts) {
  const auto count = [&](const char* name) { return counts.at(name).get<std::uint64_t>(); };
  return count("accepted") ==
         count("synced") + count("superseded") + count("pending") + count("quarantined") + count("lost");
}

bool adds_up_by_stream(const nlohmann::json& summary) {
  std::map<std::string, std::uint64_t> sums;
  const std::vector<std::string> names = {"accepted", "synced", "superseded", "pending", "quarantined", "lost"};
  for (const auto& [stream, counts] : summary.at("streams").items()) {
    if (!adds_up(counts)) return false;
    if (stream == "backup_sets") continue;
    for (const std::string& name : names) sums[name] += counts.at(name).get<std::uint64_t>();
  }
  return adds_up(summary) && std::all_of(names.begin(), names.end(),
                                         [&](const std::string& name) { return summary.at(name) == sums[name]; });
}

FlakyAddress::FlakyAddress(PostgresFixture& fixture) {
  const std::string name = ".s.PGSQL." + fixture.one("SHOW port");
  const std::string folders = fixture.one("SHOW unix_socket_directories");
  target_ = folders.substr(0, folders.find(',')) + "/" + name;
  socket_ = (directory_ / name).string();
  url_ = "postgresql:///" + fixture.one("SELECT current_database()") + "?host=" + directory_.path().string() +
         "&port=" + fixture.one("SHOW port") + "&user=" + fixture.one("SELECT current_user") +
         "&options=-csearch_path%3D" + fixture.schema();
}

void FlakyAddress::appear() const { fs::create_symlink(target_, socket_); }
void FlakyAddress::vanish() const { fs::remove(socket_); }

std::map<std::string, std::int64_t> found_under(const std::string& root) {
  CommandLine line;
  line.program = "/usr/bin/find";
  line.arguments = {root, "-printf", "%s %p\\0"};
  const CommandResult result = run_command(line);
  REQUIRE(result.status == 0);
  std::map<std::string, std::int64_t> found;
  for (std::size_t at = 0; at < result.out.size();) {
    const std::size_t end = result.out.find('\0', at);
    const std::size_t space = result.out.find(' ', at);
    found[result.out.substr(space + 1, end - space - 1)] = std::stoll(result.out.substr(at, space - at));
    at = end + 1;
  }
  return found;
}

std::map<std::string, std::int64_t> landed_in(PostgresFixture& fixture, std::int64_t set_id) {
  std::map<std::string, std::int64_t> landed;
  for (const auto& row : fixture.query("SELECT encode(forebay_path_bytes(coalesce(full_path, file_path)), 'hex'), "
                                       "file_size FROM backup_files WHERE backup_set_id = " +
                                       std::to_string(set_id))) {
    REQUIRE(landed.emplace(bytes_from_hex(row[0]), std::stoll(row[1])).second);
  }
  return landed;
}

std::map<std::string, std::int64_t> landed_in_catalog(const std::string& file, std::int64_t set_id) {
  std::map<std::string, std::int64_t> landed;
  SqliteConnection db(file);
  SqliteStatement statement(db,
                            "SELECT coalesce(full_path, file_path), file_size FROM backup_files WHERE "
                            "backup_set_id = " +
                                std::to_string(set_id));
  while (statement.step()) {
    REQUIRE(
        landed.emplace(path_bytes(statement.column_text(0)), std::stoll(std::string(statement.column_text(1)))).second);
  }
  return landed;
}

void fill(const Tree& tree, int files, const std::string& below) {
  for (int i = 0; i < files; i += 1000) {
    const std::string folder = tree.directory(below + "/" + std::to_string(i / 1000));
    for (int n = i; n < i + 1000 && n < files; ++n) {
      const int descriptor = ::open((folder + "/" + std::to_string(n)).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
      REQUIRE(descriptor >= 0);
      ::close(descriptor);
    }
  }
}

}  // namespace forebay::test
