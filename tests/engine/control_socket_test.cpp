// The control socket as a part of a Buffer: it comes and goes with it, and never keeps it from working.

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "control/client.hpp"
#include "control/socket_place.hpp"
#include "forebay/buffer.hpp"
#include "support/catalog_buffer.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;
using control::Outcome;

/// Sets an environment variable of this process for a while.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (old_) {
      ::setenv(name_, old_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

fs::path folder_of(const Options& options, const Buffer& buffer) {
  return options.state_directory / "buffers" / buffer.get_sync_status().buffer;
}

Outcome asked(const fs::path& folder) { return control::ask(control::find_socket(folder), ::geteuid(), {}).outcome; }

struct Warnings {
  explicit Warnings(Options& options) {
    options.log = [this](LogLevel level, std::string_view line) {
      if (level != LogLevel::warning) return;
      ++count;
      (text += line) += '\n';
    };
  }
  int count = 0;
  std::string text;
};

TEST_CASE("a Buffer's socket is there while it lives, and gone with it", "[control][threads]") {
  const TemporaryDirectory dir;
  Options options = catalog_options(dir);
  fs::path socket;
  {
    Buffer buffer(options);
    socket = control::find_socket(folder_of(options, buffer));
    CHECK(fs::is_socket(socket));
    CHECK(asked(folder_of(options, buffer)) == Outcome::answered);
    CHECK(buffer.stop().settled);
    CHECK_FALSE(fs::exists(socket));
  }
  options.control_socket = false;
  Buffer without(options);
  CHECK(asked(folder_of(options, without)) == Outcome::absent);
  CHECK(fs::is_empty(options.state_directory / "run"));
}

TEST_CASE("a forked child that ends leaves its parent's socket alone", "[control][threads]") {
  const TemporaryDirectory dir;
  const Options options = catalog_options(dir);
  auto buffer = std::make_unique<Buffer>(options);
  const fs::path folder = folder_of(options, *buffer);
  const pid_t child = ::fork();
  if (child == 0) {
    buffer.reset();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(asked(folder) == Outcome::answered);
}

TEST_CASE("where no socket can be made a Buffer works without one, after one warning", "[control][threads]") {
  const TemporaryDirectory dir;
  Options options = catalog_options(dir);
  const Warnings warnings(options);
  fs::create_directories(options.state_directory);
  REQUIRE(::chmod(options.state_directory.c_str(), 0700) == 0);
  fs::create_directory(dir / "elsewhere");
  fs::create_directory_symlink(dir / "elsewhere", options.state_directory / "run");
  Buffer buffer(options);
  CHECK(warnings.count == 1);
  CHECK_THAT(warnings.text, Catch::Contains("no control socket: cannot open directory"));
  CHECK(fs::is_empty(dir / "elsewhere"));
  Writer writer = buffer.writer("measurements");
  writer.add(Measurement("a", 1));
  CHECK(buffer.stop().settled);
}

TEST_CASE("below a long path the socket goes to XDG_RUNTIME_DIR, and who looks without it finds it there",
          "[control][threads]") {
  const TemporaryDirectory dir;
  const TemporaryDirectory runtime;
  Options options = catalog_options(dir);
  options.state_directory = dir / std::string(90, 'd');
  Warnings warnings(options);
  fs::path folder;
  {
    std::unique_ptr<Buffer> buffer;
    {
      const Variable variable("XDG_RUNTIME_DIR", runtime.path().string());
      buffer = std::make_unique<Buffer>(options);
    }
    folder = folder_of(options, *buffer);
    CHECK(control::find_socket(folder).parent_path() == runtime / "forebay");
    CHECK(asked(folder) == Outcome::answered);
    CHECK(buffer->stop().settled);
    CHECK(fs::is_empty(runtime / "forebay"));
    CHECK_FALSE(fs::exists(folder));
  }
  CHECK(warnings.count == 0);
  const Variable variable("XDG_RUNTIME_DIR", "");
  Buffer buffer(options);
  CHECK(warnings.count == 1);
  CHECK_THAT(warnings.text, Catch::Contains("too long") && Catch::Contains("XDG_RUNTIME_DIR is not set"));
  const auto shown = run_forebay({"status"}, {{"FOREBAY_STATE_DIR", options.state_directory.string()}});
  CHECK(shown.status == 0);
  CHECK(says(shown.out, "has no control socket"));
}

}  // namespace
}  // namespace forebay::test
