#include "control/server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

#include "control/client.hpp"
#include "control/protocol.hpp"
#include "control/socket_place.hpp"
#include "support/scan_site.hpp"
#include "support/temporary_directory.hpp"

using namespace forebay;
using namespace forebay::control;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

/// A server of a made-up buffer, whose force-sync waits for let_go().
class Served {
 public:
  explicit Served(ServerLimits limits = {}) : listener_(directory_ / "run" / "b.sock") {
    Calls calls;
    calls.status = [this] {
      ++asked;
      SyncStatus s;
      s.buffer = "b";
      s.streams["backup_files"].accepted = 7;
      s.streams["backup_files"].pending = 3;
      return s;
    };
    calls.force_sync = [this](std::chrono::milliseconds) {
      std::unique_lock lock(mutex_);
      ++syncs_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return go_; });
      ++synced_;
      changed_.notify_all();
      return SyncResult{true, 0, 0, ""};
    };
    calls.create_checkpoint = []() -> CheckpointResult { throw Error(ErrorCode::local, "the disk is full"); };
    const auto log = [this](LogLevel, std::string_view line) {
      const std::lock_guard lock(mutex_);
      (said_ += line) += '\n';
    };
    server.emplace(listener_.take_descriptor(), calls, log, limits);
  }
  ~Served() { let_go(); }

  std::filesystem::path socket() const { return listener_.path(); }
  std::filesystem::path folder() const { return directory_.path(); }
  Answer ask_status() const { return ask(socket(), ::geteuid(), {}); }
  void let_go() {
    const std::lock_guard lock(mutex_);
    go_ = true;
    changed_.notify_all();
  }
  bool syncs_begin(int n) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return syncs_ >= n; });
  }
  bool syncs_end(int n) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return synced_ >= n; });
  }
  std::string said() {
    const std::lock_guard lock(mutex_);
    return said_;
  }

  std::atomic<int> asked{0};
  std::optional<Server> server;

 private:
  TemporaryDirectory directory_;
  ListeningSocket listener_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool go_ = false;
  int syncs_ = 0, synced_ = 0;
  std::string said_;
};

/// A client that says whatever it is told to.
class RawClient {
 public:
  explicit RawClient(const std::filesystem::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  bool connected() const { return connected_; }
  void say(std::string_view bytes) const {
    static_cast<void>(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  void hang_up() { fd_.reset(); }
  /// All that comes until the server closes; "(still open)" at the end when it does not within ten seconds.
  std::string hear() const {
    std::string heard;
    for (;;) {
      pollfd waiting{fd_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 10'000) != 1) return heard + "(still open)";
      std::array<char, 4096> block{};
      const ssize_t n = ::read(fd_.get(), block.data(), block.size());
      if (n <= 0) return heard;
      heard.append(block.data(), static_cast<std::size_t>(n));
    }
  }

 private:
  UniqueFd fd_;
  bool connected_ = false;
};

std::string little_endian(std::uint32_t n) { return encode_frame(std::string(n, 'x')).substr(0, 4); }

Request force_sync_request() {
  Request r;
  r.command = Command::force_sync;
  return r;
}

}  // namespace

TEST_CASE("the control socket answers its user, and lies where only that user gets at it", "[control][threads]") {
  const Served served;
  struct stat st {};
  REQUIRE(::lstat(served.socket().c_str(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0600);
  REQUIRE(::lstat(served.socket().parent_path().c_str(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0700);
  const Answer answer = served.ask_status();
  REQUIRE(answer.outcome == Outcome::answered);
  CHECK(answer.pid == ::getpid());
  CHECK(answer.result.at("accepted") == 7);
  CHECK(answer.result.at("pid") == ::getpid());
}

TEST_CASE("what is no request is refused with a reason, and the next client is answered", "[control][threads]") {
  const Served served;
  const auto refused = [&](const std::string& bytes) {
    const RawClient client(served.socket());
    client.say(bytes);
    return client.hear();
  };
  CHECK_THAT(refused(little_endian(kRequestBytesMax + 1)), Catch::Contains("longer than"));
  CHECK_THAT(refused("GET / HTTP/1.1\r\n\r\n"), Catch::Contains("longer than"));  // "GET " is a length, too
  CHECK_THAT(refused(encode_frame("")), Catch::Contains("not JSON"));
  CHECK_THAT(refused(encode_frame("{\"version\": 1")), Catch::Contains("not JSON"));
  CHECK_THAT(refused(encode_frame("[1]")), Catch::Contains("not a JSON object"));
  CHECK_THAT(refused(encode_frame(std::string(30'000, '['))), Catch::Contains("nested too deeply"));
  CHECK_THAT(refused(encode_frame(R"({"version": 2, "command": "status"})")), Catch::Contains("speaks version 1"));
  CHECK_THAT(refused(encode_frame(R"({"version": 1, "command": "drop"})")), Catch::Contains("no such command"));
  CHECK_THAT(refused(encode_frame(R"({"version": 1, "command": "force-sync", "timeout_ms": -1})")),
             Catch::Contains("timeout_ms"));
  CHECK(served.asked == 0);
  CHECK(served.ask_status().outcome == Outcome::answered);
}

TEST_CASE("a request that is cut or does not end is given up, and the others are answered meanwhile",
          "[control][threads]") {
  ServerLimits limits;
  limits.request_time = 300ms;
  const Served served(limits);
  const RawClient silent(served.socket());
  const RawClient slow(served.socket());
  slow.say(little_endian(20) + "{\"ver");
  {
    RawClient cut(served.socket());
    cut.say("\x10");
    cut.hang_up();
  }
  CHECK(served.ask_status().outcome == Outcome::answered);
  CHECK(silent.hear().empty());
  CHECK(slow.hear().empty());
}

TEST_CASE("a hundred clients at once are answered or told to come again", "[control][threads]") {
  ServerLimits limits;
  limits.request_time = 300ms;
  Served served(limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<RawClient>(served.socket()));
    REQUIRE(clients.back()->connected());
  }
  int busy = 0;
  int closed = 0;
  for (const auto& client : clients) {
    const std::string heard = client->hear();
    if (heard.empty()) ++closed;
    if (says(heard, "too many control connections")) ++busy;
  }
  CHECK(busy + closed == 100);
  CHECK(closed == static_cast<int>(limits.connections_max));
  CHECK(served.ask_status().outcome == Outcome::answered);
}

TEST_CASE("a command goes on when its client goes away, and others are answered meanwhile", "[control][threads]") {
  Served served;
  {
    RawClient client(served.socket());
    client.say(encode_frame(to_text(force_sync_request())));
    REQUIRE(served.syncs_begin(1));
    client.hang_up();
  }
  CHECK(served.ask_status().outcome == Outcome::answered);
  served.let_go();
  CHECK(served.syncs_end(1));
}

TEST_CASE("a long command shows signs of life until its result", "[control][threads]") {
  ServerLimits limits;
  limits.progress_interval = 20ms;
  Served served(limits);
  AskOptions options;
  int signs = 0;
  options.on_progress = [&](std::uint64_t pending) {
    CHECK(pending == 3);
    if (++signs == 3) served.let_go();
  };
  const Answer answer = ask(served.socket(), ::geteuid(), force_sync_request(), options);
  REQUIRE(answer.outcome == Outcome::answered);
  CHECK(answer.result.at("settled") == true);
  CHECK(signs >= 3);
}

TEST_CASE("more long commands at once than there are places for are told so", "[control][threads]") {
  ServerLimits limits;
  limits.jobs_max = 2;
  Served served(limits);
  RawClient first(served.socket());
  RawClient second(served.socket());
  for (const RawClient* client : {&first, &second}) client->say(encode_frame(to_text(force_sync_request())));
  REQUIRE(served.syncs_begin(2));
  const Answer third = ask(served.socket(), ::geteuid(), force_sync_request());
  CHECK(third.outcome == Outcome::failed);
  RawClient fourth(served.socket());
  fourth.say(encode_frame(to_text(force_sync_request())));
  CHECK_THAT(fourth.hear(), Catch::Contains("\"code\":\"full\""));
  served.let_go();
  REQUIRE(served.syncs_end(2));
  CHECK_THAT(first.hear(), Catch::Contains("\"settled\":true"));
  CHECK_THAT(second.hear(), Catch::Contains("\"settled\":true"));
  CHECK(
      comes_true([&] { return ask(served.socket(), ::geteuid(), force_sync_request()).outcome == Outcome::answered; }));
}

TEST_CASE("what a command throws is its reply", "[control][threads]") {
  const Served served;
  Request request;
  request.command = Command::create_checkpoint;
  const Answer answer = ask(served.socket(), ::geteuid(), request);
  CHECK(answer.outcome == Outcome::failed);
  CHECK(answer.why == "the disk is full");
}

TEST_CASE("a reply that is under way when the server ends arrives", "[control][threads]") {
  Served served;
  RawClient client(served.socket());
  client.say(encode_frame(to_text(force_sync_request())));
  REQUIRE(served.syncs_begin(1));
  served.let_go();
  served.server.reset();
  CHECK_THAT(client.hear(), Catch::Contains("\"settled\":true"));
  CHECK(served.ask_status().outcome == Outcome::absent);
}

TEST_CASE("a process that holds the socket and takes no connection is told from one that is gone", "[control]") {
  const TemporaryDirectory directory;
  std::optional<ListeningSocket> listener(directory / "run" / "b.sock");
  const auto path = listener->path();
  AskOptions options;
  options.silence_max = 100ms;
  CHECK(ask(path, ::geteuid(), {}, options).outcome == Outcome::silent);
  std::vector<std::unique_ptr<RawClient>> clients;  // until the queue is full: then connecting itself has to wait
  for (int i = 0; i < 200; ++i) {
    const Answer answer = ask(path, ::geteuid(), {}, {1ms, {}, {}});
    REQUIRE(answer.outcome == Outcome::silent);
    if (answer.pid == 0) break;
    REQUIRE(i < 199);
  }
  const UniqueFd dead = listener->take_descriptor();
  CHECK(ask(path, ::geteuid(), {}, options).outcome == Outcome::silent);
  listener.reset();
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK(ask(path, ::geteuid(), {}, options).outcome == Outcome::absent);
}

TEST_CASE("another user is refused, even where the file's mode would let it in", "[control][root][threads]") {
  if (!is_root()) {
    WARN("skipped: only root can be another user");
    return;
  }
  Served served;
  ::chmod(served.folder().c_str(), 0711);
  ::chmod(served.socket().parent_path().c_str(), 0711);
  ::chmod(served.socket().c_str(), 0666);
  const std::string path = served.socket().string();
  const auto as_nobody = [&] {
    return answer_of_child([&]() -> std::string {
      if (::setgid(65534) != 0 || ::setuid(65534) != 0) return "cannot become nobody";
      const RawClient client(path);
      if (!client.connected()) return "cannot connect";
      client.say(encode_frame(to_text(Request{})));
      return "heard " + client.hear();
    });
  };
  CHECK(as_nobody() == "heard ");
  CHECK_THAT(served.said(), Catch::Contains("refused process") && Catch::Contains("of user 65534"));
  CHECK(served.asked == 0);
  CHECK(served.ask_status().outcome == Outcome::answered);
}
