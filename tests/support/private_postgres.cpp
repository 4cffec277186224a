#include "support/private_postgres.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "support/comes_true.hpp"
#include "support/libpq_handles.hpp"
#include "support/server_uses.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

std::string program(const std::string& name) {
  std::vector<fs::path> folders;
  if (const char* given = std::getenv("THROWAWAY_PG_BIN"); given != nullptr) folders.emplace_back(given);
  std::error_code none;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", none))
    folders.push_back(version.path() / "bin");
  for (const fs::path& folder : folders) {
    if (fs::exists(folder / name)) return folder / name;
  }
  return {};
}

/// The user a server has to run as: it refuses root.
const passwd* cluster_owner() { return ::geteuid() == 0 ? ::getpwnam("postgres") : ::getpwuid(::geteuid()); }

pid_t spawn(const std::vector<std::string>& command, const std::string& log) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const passwd* user = cluster_owner();
  const uid_t uid = user->pw_uid;
  const gid_t gid = user->pw_gid;
  const bool root = ::geteuid() == 0;
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (root && (::setgid(gid) != 0 || ::setuid(uid) != 0)) ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // no server outlives the tests
  ::setsid();
  if (::chdir("/") != 0) ::_exit(126);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int in = ::open("/dev/null", O_RDONLY);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(out, 2);
  ::close_range(3, ~0U, 0);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

int ended(pid_t child) {
  int status = -1;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

void must_run(const std::vector<std::string>& command, const std::string& log) {
  const pid_t child = spawn(command, log);
  if (child < 0 || ended(child) != 0) {
    std::ifstream in(log);
    FAIL(command[0] << " failed: " << std::string(std::istreambuf_iterator<char>(in), {}));
  }
}

/// In the folder that scripts/with-postgres.sh removes, however this ends: short, for the socket's path, and where user
/// postgres gets.
std::string server_folder() {
  const char* data = std::getenv("THROWAWAY_PG_DATA");
  const fs::path within = data != nullptr ? fs::path(data).parent_path() : "/tmp";
  std::string pattern = within / "forebay-own-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) FAIL("cannot make a folder in " << within);
  if (::geteuid() == 0 && ::chown(pattern.c_str(), cluster_owner()->pw_uid, cluster_owner()->pw_gid) != 0)
    FAIL("cannot give " << pattern << " to user postgres");
  return pattern;
}

/// Made once, removed at the end of the tests.
class Template {
 public:
  Template() : folder_(server_folder()) {
    must_run({program("initdb"), "-D", data(), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C",
              "--no-sync"},
             folder_ + "/log");
    std::ofstream(data() + "/pg_hba.conf")
        << "local all all trust\nhost all locked 127.0.0.1/32 scram-sha-256\nhost all "
           "all 127.0.0.1/32 trust\nlocal replication all trust\n";
  }
  ~Template() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Template(const Template&) = delete;
  Template& operator=(const Template&) = delete;
  std::string data() const { return folder_ + "/data"; }

 private:
  std::string folder_;
};

int free_port() {
  const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(s, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(s, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(s);
  return ntohs(address.sin_port);
}

}  // namespace

bool PrivatePostgres::available() {
  if (!program("initdb").empty() && !program("postgres").empty() && cluster_owner() != nullptr) return true;
  WARN("skipped: PostgreSQL's server programs are not installed");
  return false;
}

PrivatePostgres::PrivatePostgres(const std::vector<std::string>& settings)
    : folder_(server_folder()), settings_(settings), port_(free_port()) {
  ++g_server_uses;
  static const Template kTemplate;
  must_run({"/bin/cp", "-a", kTemplate.data(), folder_ + "/data"}, folder_ + "/log");
  start();
  const std::unique_ptr<PGconn, decltype(&PQfinish)> c(
      PQconnectdb(("host=" + folder_ + " port=" + std::to_string(port_) +
                   " user=postgres dbname=postgres options=-cdefault_transaction_read_only=off")
                      .c_str()),
      &PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> made(PQexec(c.get(), "CREATE DATABASE forebay"), &PQclear);
  if (PQresultStatus(made.get()) != PGRES_COMMAND_OK) FAIL(PQerrorMessage(c.get()));
}

PrivatePostgres::PrivatePostgres(StandbyOf of) : folder_(server_folder()), port_(free_port()) {
  of.primary.stop(SIGINT);
  must_run({"/bin/cp", "-a", of.primary.folder_ + "/data", folder_ + "/data"}, folder_ + "/log");
  of.primary.start();
  std::ofstream(folder_ + "/data/standby.signal").flush();
  std::ofstream(folder_ + "/data/postgresql.auto.conf", std::ios::app)
      << "primary_conninfo = 'host=" << of.primary.folder_ << " port=" << of.primary.port_ << " user=postgres'\n";
  start();
}

bool PrivatePostgres::sets_next_id() {
  if (fs::path(program("pg_resetwal")).parent_path() == fs::path(program("postgres")).parent_path()) return true;
  WARN("skipped: this PostgreSQL came without pg_resetwal");
  return false;
}

void PrivatePostgres::set_next_id(std::uint32_t id) {
  stop(SIGINT);
  must_run({program("pg_resetwal"), "-f", "-u", "3", "-x", std::to_string(id), "-D", folder_ + "/data"},
           folder_ + "/log");
  // The commit log of the IDs around it, which no transaction made.
  char name[8];
  std::snprintf(name, sizeof name, "%04X", static_cast<unsigned>(id / 1048576));
  must_run({"/bin/dd", "if=/dev/zero", "of=" + folder_ + "/data/pg_xact/" + name, "bs=8192", "count=32", "status=none"},
           folder_ + "/log");
  start();
}

void PrivatePostgres::cut_off(const PrivatePostgres& primary) const {
  const std::string wanted = primary.one("SELECT pg_current_wal_lsn()");
  REQUIRE(comes_true([&] { return one("SELECT pg_last_wal_replay_lsn() >= '" + wanted + "'") == "t"; }));
  exec("ALTER SYSTEM SET primary_conninfo = ''");
  exec("SELECT pg_reload_conf()");
  REQUIRE(comes_true([&] { return one("SELECT count(*) FROM pg_stat_wal_receiver") == "0"; }));
}

void PrivatePostgres::promote() const {
  REQUIRE(one("SELECT pg_promote()") == "t");
  REQUIRE(comes_true([&] { return one("SELECT pg_is_in_recovery()") == "f"; }));
}

PrivatePostgres::~PrivatePostgres() {
  if (postmaster_ > 0) {
    stop(SIGQUIT);
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void PrivatePostgres::start() {
  std::vector<std::string> command = {program("postgres"), "-D", folder_ + "/data"};
  std::vector<std::string> settings = {"fsync=off",
                                       "full_page_writes=off",
                                       "autovacuum=off",
                                       "shared_buffers=16MB",
                                       "max_connections=30",
                                       "password_encryption=scram-sha-256",  // 13's default is another
                                       "listen_addresses=127.0.0.1",
                                       "port=" + std::to_string(port_),
                                       "unix_socket_directories=" + folder_};
  settings.insert(settings.end(), settings_.begin(), settings_.end());
  for (const std::string& s : settings) {
    command.emplace_back("-c");
    command.push_back(s);
  }
  postmaster_ = spawn(command, folder_ + "/log");
  const std::string target = "host=" + folder_ + " port=" + std::to_string(port_) + " user=postgres dbname=postgres";
  for (const auto begun = std::chrono::steady_clock::now(); PQping(target.c_str()) != PQPING_OK;
       ::poll(nullptr, 0, 10)) {
    if (::waitpid(postmaster_, nullptr, WNOHANG) == 0 &&
        std::chrono::steady_clock::now() - begun < std::chrono::seconds(60))
      continue;
    std::ifstream in(folder_ + "/log");
    FAIL("a private PostgreSQL did not start: " << std::string(std::istreambuf_iterator<char>(in), {}));
  }
}

void PrivatePostgres::stop(int signal) {
  ::kill(postmaster_, signal);
  ::kill(postmaster_, SIGCONT);
  ended(postmaster_);
  postmaster_ = -1;
}

bool PrivatePostgres::signal(pid_t process, int number) const { return ::kill(process, number) == 0; }

std::string PrivatePostgres::url(const std::string& parameters) const {
  return "postgresql://postgres@/forebay?host=" + folder_ + "&port=" + std::to_string(port_) + parameters;
}

std::string PrivatePostgres::url_with(const PrivatePostgres& other) const {
  return "postgresql://postgres@/forebay?host=" + folder_ + "," + other.folder_ + "&port=" + std::to_string(port_) +
         "," + std::to_string(other.port_);
}

Rows PrivatePostgres::query(const std::string& sql) const {
  PgConnection c(nullptr, &PQfinish);
  PgResult result(nullptr, &PQclear);
  // A server that restarts after one of its processes was killed is back in a moment.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  do {
    c.reset(PQconnectdb(url("&options=-cdefault_transaction_read_only%3Doff").c_str()));
    PQsetNoticeProcessor(
        c.get(), [](void*, const char*) {}, nullptr);
    result.reset(PQexec(c.get(), sql.c_str()));
  } while (PQstatus(c.get()) != CONNECTION_OK && std::chrono::steady_clock::now() < until &&
           ::poll(nullptr, 0, 10) == 0);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) FAIL(sql << ": " << PQerrorMessage(c.get()));
  Rows rows;
  for (int r = 0; r < PQntuples(result.get()); ++r) {
    auto& row = rows.emplace_back();
    for (int f = 0; f < PQnfields(result.get()); ++f)
      row.push_back(PQgetisnull(result.get(), r, f) != 0 ? kNull : std::string(PQgetvalue(result.get(), r, f)));
  }
  return rows;
}

}  // namespace forebay::test
