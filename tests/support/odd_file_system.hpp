#pragma once

#include <memory>
#include <string>

#include "support/run_command.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {

/// A file system that misbehaves in one way (tests/support/odd_fs.py says which there are), or "automount": a point
/// whose automounter never answers. Mounted while it lives.
class OddFileSystem {
 public:
  explicit OddFileSystem(const std::string& way);
  OddFileSystem(const OddFileSystem&) = delete;
  OddFileSystem& operator=(const OddFileSystem&) = delete;
  ~OddFileSystem();

  /// False, with a warning that says why, where the machine has no such thing: no root, no FUSE, no leave to mount.
  bool available() const { return available_; }
  std::string path() const { return mount_; }
  std::string operator/(const std::string& below) const { return mount_ + "/" + below; }
  /// Waits until it was asked for what it never answers.
  bool was_asked() { return server_->wait_for("asked"); }
  /// Lets go of those that wait, with an error.
  void let_go() const;

 private:
  TemporaryDirectory directory_;
  std::string mount_;
  std::unique_ptr<RunningCommand> server_;
  bool available_ = false;
};

}  // namespace forebay::test
