#include "control/socket_place.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "control/client.hpp"
#include "forebay/error.hpp"
#include "support/temporary_directory.hpp"

using namespace forebay;
using namespace forebay::control;
using namespace forebay::test;
namespace fs = std::filesystem;

namespace {

const char* const kBuffer = "20260101T000000Z-4711-1f2e3d4c";

std::string refused(const fs::path& path) {
  try {
    const ListeningSocket socket(path);
    return "not refused";
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::local);
    return e.what();
  }
}

/// What a killed process leaves: a path with no listener behind it.
void leave_dead_socket(const fs::path& path) {
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
}

}  // namespace

TEST_CASE("a socket goes into the state directory, or, when its path would be too long, into the runtime directory",
          "[control]") {
  CHECK(choose_socket("/var/lib/forebay", kBuffer, "/run/user/7") ==
        "/var/lib/forebay/run/20260101T000000Z-4711-1f2e3d4c.sock");
  const std::size_t besides = usual_socket("", kBuffer).native().size() + 1;
  const fs::path longest = "/" + std::string(kSocketPathBytesMax - besides - 1, 'd');
  CHECK(choose_socket(longest, kBuffer, "").native().size() == kSocketPathBytesMax);
  const fs::path too_long = longest.string() + "d";
  CHECK(choose_socket(too_long, kBuffer, "/run/user/7") == "/run/user/7/forebay/20260101T000000Z-4711-1f2e3d4c.sock");
  CHECK_THROWS_WITH(choose_socket(too_long, kBuffer, ""), Catch::Contains("XDG_RUNTIME_DIR is not set"));
  CHECK_THROWS_WITH(choose_socket(too_long, kBuffer, too_long), Catch::Contains("too long"));
}

TEST_CASE("whoever looks for a socket finds it by rule, or by what the buffer's folder says", "[control]") {
  const TemporaryDirectory state;
  const fs::path folder = state / "buffers" / kBuffer;
  fs::create_directories(folder);
  CHECK(find_socket(folder) == state / "run" / (std::string(kBuffer) + ".sock"));
  state.write(std::string("buffers/") + kBuffer + "/control", "/run/user/7/forebay/x.sock\n");
  CHECK(find_socket(folder) == "/run/user/7/forebay/x.sock");
  state.write(std::string("buffers/") + kBuffer + "/control", "half/a/li");
  CHECK(find_socket(folder) == state / "run" / (std::string(kBuffer) + ".sock"));
}

TEST_CASE("what was planted where the socket goes is refused and left as it is", "[control]") {
  const TemporaryDirectory state;
  const fs::path path = state / "run" / "b.sock";
  SECTION("a link in place of the folder") {
    fs::create_directory(state / "elsewhere");
    fs::create_symlink(state / "elsewhere", state / "run");
    CHECK_THAT(refused(path), Catch::Contains("cannot open directory"));
    CHECK(fs::is_empty(state / "elsewhere"));
  }
  SECTION("a folder that others may write to") {
    fs::create_directory(state / "run");
    REQUIRE(::chmod((state / "run").c_str(), 0777) == 0);
    CHECK_THAT(refused(path), Catch::Contains("others may write to"));
    CHECK(fs::is_empty(state / "run"));
  }
  SECTION("a state directory that others may write to") {
    REQUIRE(::chmod(state.path().c_str(), 0777) == 0);
    CHECK_THAT(refused(path), Catch::Contains("others may write to"));
    CHECK_FALSE(fs::exists(state / "run"));
  }
  SECTION("something at the path") {
    fs::create_directory(state / "run");
    const std::string what = GENERATE("file", "symlink", "dangling symlink", "fifo", "socket");
    if (what == "file") state.write("run/b.sock", "precious");
    if (what == "symlink") fs::create_symlink(state.write("precious", "precious"), path);
    if (what == "dangling symlink") fs::create_symlink(state / "nowhere", path);
    if (what == "fifo") REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    if (what == "socket") leave_dead_socket(path);
    const auto before = fs::symlink_status(path).type();
    CHECK_THAT(refused(path), Catch::Contains("File exists"));
    CHECK(fs::symlink_status(path).type() == before);
    if (what == "file") CHECK(state.read("run/b.sock") == "precious");
    CHECK(std::distance(fs::directory_iterator(state / "run"), {}) == 1);
    // Nor does anybody who asks touch it.
    const Answer answer = ask(path, ::geteuid(), {});
    CHECK(answer.outcome == (what == "socket" ? Outcome::absent : Outcome::refused));
  }
  if (fs::exists(state / "run") && fs::is_directory(fs::symlink_status(state / "run"))) {
    CHECK_FALSE(fs::exists(state / "nowhere"));
  }
}

TEST_CASE("sockets of dead processes are cleared away, and nothing else is", "[control]") {
  const TemporaryDirectory state;
  const ListeningSocket live(state / "run" / "live.sock");
  leave_dead_socket(state / "run" / "dead.sock");
  leave_dead_socket(state / "run" / ".0badcafe");  // being made, perhaps
  state.write("run/file.sock", "x");
  REQUIRE(::mkfifo((state / "run" / "fifo.sock").c_str(), 0600) == 0);
  remove_dead_sockets(state / "run");
  CHECK_FALSE(fs::exists(state / "run" / "dead.sock"));
  CHECK(fs::exists(state / "run" / ".0badcafe"));
  CHECK(fs::exists(state / "run" / "live.sock"));
  CHECK(fs::exists(state / "run" / "file.sock"));
  CHECK(fs::exists(state / "run" / "fifo.sock"));
  remove_dead_sockets(state / "not there");
  fs::create_symlink(state / "run", state / "link");
  leave_dead_socket(state / "run" / "dead.sock");
  remove_dead_sockets(state / "link");  // leads who knows where
  CHECK(fs::exists(state / "run" / "dead.sock"));
}

TEST_CASE("a socket whose path was taken over meanwhile is not removed at the end", "[control]") {
  const TemporaryDirectory state;
  const fs::path path = state / "run" / "b.sock";
  {
    const ListeningSocket socket(path);
    fs::remove(path);
    state.write("run/b.sock", "another's");
  }
  CHECK(state.read("run/b.sock") == "another's");
}
