#pragma once

#include <filesystem>
#include <string>

#include "support/run_command.hpp"

namespace forebay::test {

/// How to run a server program that refuses root: as user postgres when root calls. It is killed when the tests end,
/// however they do.
CommandLine as_server_user(const std::string& program, const std::vector<std::string>& arguments,
                           const std::filesystem::path& directory);

/// A folder of that user, with a path short enough for sockets; removed at the end.
class ServerFolder {
 public:
  ServerFolder();
  ServerFolder(const ServerFolder&) = delete;
  ServerFolder& operator=(const ServerFolder&) = delete;
  ~ServerFolder();

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  /// A file of mode 0600 that belongs to that user.
  std::string write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

}  // namespace forebay::test
