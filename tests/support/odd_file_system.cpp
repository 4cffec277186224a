#include "support/odd_file_system.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/places.hpp"

namespace forebay::test {

OddFileSystem::OddFileSystem(const std::string& way) : mount_((directory_ / "m").string()) {
  const bool automount = way == "automount";
  if (::geteuid() != 0) {
    WARN("skipped: needs root, to mount");
    return;
  }
  if (!automount && ::access("/dev/fuse", R_OK | W_OK) != 0) {
    WARN("skipped: no /dev/fuse here");
    return;
  }
  std::filesystem::create_directory(mount_);
  CommandLine line;
  const std::string script = automount ? "dead_automount.py" : "odd_fs.py";
  line.arguments = {source_directory() + "/tests/support/" + script, mount_};
  if (!automount) line.arguments.push_back(way);
  line.program = "/usr/bin/python3";
  server_ = std::make_unique<RunningCommand>(line);
  available_ = server_->wait_for("ready");
  if (available_) return;
  const std::string said = server_->wait().err;
  INFO(said);
  REQUIRE(says(said, "mount: "));  // else it is the script that is broken
  WARN("skipped: no leave to mount: " << said);
}

OddFileSystem::~OddFileSystem() {
  if (!server_) return;
  server_->send_signal(SIGTERM);
  server_->wait();
  ::umount2(mount_.c_str(), MNT_DETACH);  // if it died before
}

void OddFileSystem::let_go() const { server_->send_signal(SIGUSR1); }

}  // namespace forebay::test
