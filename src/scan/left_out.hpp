#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scan/directory.hpp"
#include "scan/file_stat.hpp"

namespace forebay {

/// What is forebay's own and not for a scan: known by its path, and under any other (a bind mount, a hard link) by
/// device and inode. Constant after construction; thread-safe.
class OwnFiles {
 public:
  /// `paths` need not exist yet: what does not is known by its path, and by its name wherever the same file turns up.
  OwnFiles(const std::vector<std::string>& paths, EntryStat& entry_stat);

  /// The names in a directory of this path; they live as long as this object.
  std::vector<std::string_view> names_in(std::string_view directory) const;
  bool is_one(std::string_view name, const struct statx& st) const;
  /// Whether the path is, or lies in, one of them.
  bool hold(const std::string& path) const;

 private:
  struct Own {
    std::string path;
    std::string name;
    std::uint64_t inode;  // 0: not there when the scan began
  };

  std::vector<Own> own_;
  EntryStat& entry_stat_;
};

/// Why an open directory is one of its own ancestors again; empty where it is not. Device and inode do not prove it:
/// some file systems give several directories one number, or all of them 0.
std::string why_loop(int fd, const Directory& directory, EntryStat& entry_stat);

}  // namespace forebay
