// FOREBAY_LOG_FILE names what is no ordinary file, or what changes under its name: nothing waits for it, and nothing
// that goes missing does so in silence. After elastic/beats#18682 and logrotate/logrotate#607.
#include "cli/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "base/io.hpp"
#include "forebay/error.hpp"
#include "support/places.hpp"
#include "support/scan_site.hpp"
#include "support/small_disk.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using cli::LogFile;

std::string content(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_CASE("a FIFO that nobody reads holds up neither the start nor a scan, and a reader that comes gets the lines",
          "[threads][field][field-24]") {
  const TemporaryDirectory directory;
  const std::string fifo = (directory / "log").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const Tree tree;
  const ScanSite site({}, {{"FOREBAY_LOG_FILE", fifo}});
  CHECK(site.run({"status"}).status == 0);
  const CommandResult alone = site.run({"scan", tree.path()});
  CAPTURE(alone.err);
  CHECK(alone.status == 0);
  CHECK_THAT(alone.err, Contains("warning FOREBAY_LOG_FILE: cannot write to " + fifo + ": nobody reads this FIFO"));

  const UniqueFd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  CHECK(site.run({"scan", tree.path()}).status == 0);
  std::string read(65536, '\0');
  const ssize_t bytes = ::read(reader.get(), read.data(), read.size());
  REQUIRE(bytes > 0);
  CHECK_THAT(read.substr(0, static_cast<std::size_t>(bytes)), Contains("sync finished"));
}

TEST_CASE("a FIFO whose reader stops reading misses lines, says so once, and gets the later ones whole") {
  const TemporaryDirectory directory;
  const fs::path fifo = directory / "log";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const UniqueFd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  LogFile file(fifo);
  const std::string line = std::string(999, 'x') + "\n";
  std::vector<std::string> told;
  int written = 0;
  for (; written < 1000 && told.empty(); ++written) {
    if (const auto trouble = file.write(line)) told.push_back(*trouble);
  }
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Contains("the reader of this FIFO has stopped reading"));
  for (int i = 0; i < 50; ++i) CHECK_FALSE(file.write(line));

  std::string read(1 << 20, '\0');
  const ssize_t bytes = ::read(reader.get(), read.data(), read.size());
  CHECK(bytes == (written - 1) * 1000);
  CHECK_THAT(file.write("here again\n").value_or(""), Contains("can be written to again; it lacks 51 lines"));
  CHECK(::read(reader.get(), read.data(), read.size()) == 11);
}

TEST_CASE("a log that cannot be one is refused with what it is") {
  const TemporaryDirectory directory;
  const auto refusal = [](const fs::path& path) -> std::string {
    try {
      LogFile file(path);
    } catch (const Error& e) {
      CHECK(e.code() == ErrorCode::usage);
      return e.what();
    }
    return "(taken)";
  };
  fs::create_symlink("loop", directory / "loop");
  CHECK_THAT(refusal(directory.path()), Contains("FOREBAY_LOG_FILE: cannot open") && Contains("Is a directory"));
  CHECK_THAT(refusal(directory / "loop"), Contains("symbolic links"));
  CHECK(refusal(directory / "made/on/the/way") == "(taken)");
  CHECK(refusal("/dev/null") == "(taken)");
}

TEST_CASE("a log on a full disk misses lines, and goes on with a whole line when there is room", "[root]") {
  if (!is_root()) {
    WARN("skipped: only root can make a small disk");
    return;
  }
  const TemporaryDirectory directory;
  const SmallDisk disk(directory / "disk", "size=16k");
  if (!disk.mounted()) {
    WARN("skipped: mounting a tmpfs is not permitted");
    return;
  }
  std::ofstream(directory / "disk/filler") << std::string(8000, 'x');
  LogFile file(directory / "disk/log");
  const std::string line = std::string(998, 'y') + "\n";
  std::optional<std::string> trouble;
  for (int i = 0; i < 100 && !trouble; ++i) trouble = file.write(line);
  CHECK_THAT(trouble.value_or(""), Contains("No space left on device; make room, or point FOREBAY_LOG_FILE at"));
  CHECK_FALSE(file.write(line));
  fs::remove(directory / "disk/filler");
  CHECK_THAT(file.write("after\n").value_or(""), Contains("it lacks 2 lines"));
  CHECK_THAT(content(directory / "disk/log"), Catch::EndsWith("y\nafter\n"));
}

TEST_CASE("a log that was renamed or removed is made anew, so that no line goes to the old one") {
  const TemporaryDirectory directory;
  const fs::path log = directory / "log";
  LogFile file(log);
  CHECK_FALSE(file.write("one\n"));
  fs::rename(log, directory / "log.1");
  // Looked at once a second, so a line or two may still go to the old one.
  CHECK(comes_true([&] {
    CHECK_FALSE(file.write("between\n"));
    return fs::exists(log);
  }));
  CHECK_FALSE(file.write("two\n"));
  CHECK_THAT(content(log), Contains("two\n"));
  CHECK_THAT(content(directory / "log.1"), Contains("one\n") && !Contains("two"));
}

TEST_CASE("a log that is stdout or stderr mixes with it line by line", "[threads]") {
  const TemporaryDirectory directory;
  const Tree tree;
  const std::string out = (directory / "out").string();
  for (const char* stream : {"/dev/stdout", "/dev/stderr"}) {
    CommandLine line;
    line.directory = directory.path();
    line.program = "/bin/sh";
    line.environment = {{"FOREBAY_STATE_DIR", (directory / "state").string()}, {"FOREBAY_LOG_FILE", stream}};
    line.arguments = {"-c", forebay_binary() + " scan " + tree.path() + " >" + out + " 2>" + out + ".err"};
    CHECK(run_command(line).status == 0);
    const std::string text = content(stream == std::string("/dev/stdout") ? out : out + ".err");
    CAPTURE(text);
    CHECK_THAT(text, Contains("sync finished"));
    std::istringstream lines(text);
    for (std::string each; std::getline(lines, each);) {
      CHECK((each.starts_with("20") || each.find("  ") != std::string::npos));  // an event, or a line of the summary
    }
  }
}

}  // namespace
}  // namespace forebay::test
