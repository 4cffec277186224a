#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <optional>

#include "forebay/error.hpp"
#include "forebay/options.hpp"
#include "support/file_bytes.hpp"
#include "support/in_child.hpp"
#include "support/temporary_directory.hpp"

namespace forebay {
namespace {

/// Takes variables out of this process's environment for one test case.
class WithoutVariables {
 public:
  explicit WithoutVariables(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      const char* value = std::getenv(name);
      before_[name] = value == nullptr ? std::nullopt : std::optional<std::string>(value);
      ::unsetenv(name);
    }
  }
  WithoutVariables(const WithoutVariables&) = delete;
  WithoutVariables& operator=(const WithoutVariables&) = delete;
  ~WithoutVariables() {
    for (const auto& [name, value] : before_) {
      if (value) ::setenv(name.c_str(), value->c_str(), 1);
    }
  }

 private:
  std::map<std::string, std::optional<std::string>> before_;
};

std::string options_refusal_of(const std::filesystem::path& file) {
  try {
    static_cast<void>(options_from_environment(file));
  } catch (const Error& e) {
    return e.what();
  }
  return "(accepted)";
}

TEST_CASE("a program gets Options from a .env, and Error(usage) with the line for what cannot be meant") {
  const WithoutVariables none{"DATABASE_URL", "MEMORY_DB_SYNC_BATCH_SIZE", "SYNC_CONNECTIONS"};
  const test::TemporaryDirectory directory;
  const auto good = directory.write("good.env", "DATABASE_URL=sqlite:/x.db\nMEMORY_DB_SYNC_BATCH_SIZE=77\n");
  const Options options = options_from_environment(good);
  CHECK(options.destination == "sqlite:/x.db");
  CHECK(options.batch_rows_max == 77);
  const auto bad = directory.write("bad.env", "\nSYNC_CONNECTIONS=0\n");
  CHECK(options_refusal_of(bad).starts_with(bad.string() + ":2: SYNC_CONNECTIONS is \"0\""));
}

TEST_CASE("the library leaves the environment alone, and refuses a .env whose PGHOST would be lost by that") {
  const WithoutVariables none{"DATABASE_URL", "PGHOST", "PGPORT", "PGSERVICE", "PGHOSTADDR"};
  const test::TemporaryDirectory directory;
  const auto lost = directory.write("lost.env", "PGHOST=db.example\n");
  CHECK(options_refusal_of(lost).starts_with(lost.string() + ":1: PGHOST in a .env does not reach libpq"));
  const auto kept = directory.write("kept.env", "DATABASE_URL=postgresql://db.example/b\nPGHOST=x\nPGPORT=1\n");
  CHECK(options_refusal_of(kept) == "(accepted)");
  CHECK(std::getenv("PGHOST") == nullptr);
  CHECK(std::getenv("PGPORT") == nullptr);
}

TEST_CASE("the library says as the command does that rows go to the catalog by default", "[threads]") {
  const WithoutVariables none{"DATABASE_URL", "PGHOST", "PGSERVICE", "PGHOSTADDR"};
  const test::TemporaryDirectory directory;
  const std::string catalog = "sqlite:" + (directory / "state/catalog.db").string();
  /// What a program that reads these settings says on stderr, which is no terminal.
  const auto said = [&](const std::string& text) {
    const auto file = directory.write("settings.env", "FOREBAY_STATE_DIR=" + (directory / "state").string() + text);
    const auto log = directory.write("log", "");
    const std::string ended = test::in_child([&] {
      ::dup2(::open(log.c_str(), O_WRONLY | O_CLOEXEC), STDERR_FILENO);
      static_cast<void>(options_from_environment(file));
    });
    CHECK(ended.empty());
    return test::bytes_of(log);
  };
  const std::string warned = said("\n");
  CAPTURE(warned);
  CHECK(warned.find("no server is named (none of DATABASE_URL, PGHOST, PGSERVICE, PGHOSTADDR is set)") !=
        std::string::npos);
  CHECK(warned.find("or name this one by DATABASE_URL=" + catalog) != std::string::npos);
  CHECK(said("\nDATABASE_URL=" + catalog + "\n").empty());
}

}  // namespace
}  // namespace forebay
