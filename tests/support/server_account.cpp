#include "support/server_account.hpp"

#include <pwd.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

namespace forebay::test {

namespace fs = std::filesystem;

namespace {

/// Null: whoever calls will do.
const passwd* server_user() { return ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr; }

void give(const fs::path& path) {
  const passwd* user = server_user();
  if (user != nullptr) REQUIRE(::chown(path.c_str(), user->pw_uid, user->pw_gid) == 0);
}

}  // namespace

CommandLine as_server_user(const std::string& program, const std::vector<std::string>& arguments,
                           const fs::path& directory) {
  CommandLine line;
  line.program = "/usr/bin/setpriv";
  line.arguments = {"--pdeathsig", "KILL"};
  if (const passwd* user = server_user(); user != nullptr) {
    line.arguments.insert(line.arguments.end(), {"--reuid", std::to_string(user->pw_uid), "--regid",
                                                 std::to_string(user->pw_gid), "--clear-groups"});
  }
  line.arguments.push_back(program);
  line.arguments.insert(line.arguments.end(), arguments.begin(), arguments.end());
  line.directory = directory;
  return line;
}

ServerFolder::ServerFolder() {
  std::string name = "/tmp/forebay-server-XXXXXX";  // whatever TMPDIR says: a socket's path has 107 bytes at most
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
  give(path_);
}

ServerFolder::~ServerFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string ServerFolder::write(const std::string& name, const std::string& text) const {
  const fs::path file = path_ / name;
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  give(file);
  return file.string();
}

std::string ServerFolder::read(const std::string& name) const {
  std::ifstream file(path_ / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace forebay::test
