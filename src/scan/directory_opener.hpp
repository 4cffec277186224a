#pragma once

#include <string>

#include "base/unique_fd.hpp"
#include "scan/directory.hpp"
#include "scan/scanner.hpp"

namespace forebay {

/// Opens directories for one thread, each through its parent's descriptor and not through a path from the root: so a
/// symlink put in the way is not followed, and paths may be longer than PATH_MAX.
class DirectoryOpener {
 public:
  /// A descriptor, or the reason why there is none.
  struct Opened {
    UniqueFd fd;
    std::string failure;
  };

  /// `via`: a share in the parent's descriptor, or none. Makes sure that it is the directory that was seen; where a
  /// file system was mounted on it since, it gets that one's id.
  Opened open(Directory& directory, const SharedDescriptor& via);

  /// Takes a descriptor that found no place in the budget. It is kept until the next comes, because the directory's
  /// subdirectories are usually opened next.
  void keep(DirectoryPtr directory, UniqueFd fd);

 private:
  Opened open_below(int parent, Directory& directory);
  /// Makes `directory` the kept one, from its nearest ancestor that is open. Returns the reason if that fails.
  std::string reopen(Directory& directory);

  DirectoryPtr kept_;
  UniqueFd kept_fd_;
  bool leave_access_times_ = true;
};

/// An errno in words for Unreadable.
std::string reason_of(int error);
/// What kind of thing such words tell of.
Unreadable::Kind kind_of(const std::string& reason);

}  // namespace forebay
