#pragma once

#include <sys/stat.h>

#include <string>

#include "base/io.hpp"
#include "scan/contract.hpp"
#include "scan/directory.hpp"
#include "scan/file_stat.hpp"

namespace forebay {

/// Opens directories for one thread, each through its parent's descriptor and not through a path from the root: so a
/// symlink put in the way is not followed, and paths may be longer than PATH_MAX.
class DirectoryOpener {
 public:
  explicit DirectoryOpener(EntryStat& entry_stat) : entry_stat_(entry_stat) {}

  /// A descriptor and what it is of, or the reason why there is none.
  struct Opened {
    UniqueFd fd;
    struct statx st {};
    std::string failure;
  };

  /// `via`: a share in the parent's descriptor, or none. Opens what stands under the directory's name now, which may be
  /// another directory than the one that was seen, and is never anything else.
  Opened open(const Directory& directory, const SharedDescriptor& via);

  /// Takes a descriptor that found no place in the budget. It is kept until the next comes, because the directory's
  /// subdirectories are usually opened next.
  void keep(DirectoryPtr directory, UniqueFd fd);
  /// Closes what is kept.
  void let_go() { keep({}, {}); }

 private:
  Opened open_below(int parent, const std::string& name);
  /// A descriptor for going on from, none (see errno) where a symlink stands in the way.
  UniqueFd step_to(int base, const std::string& path);
  /// Makes `directory` the kept one, from its nearest ancestor that is open. Returns the reason if that fails.
  std::string reopen(Directory& directory);

  DirectoryPtr kept_;
  UniqueFd kept_fd_;
  bool leave_access_times_ = true;
  bool several_at_once_ = true;  // openat2() is there
  EntryStat& entry_stat_;
};

/// An errno in words for Unreadable.
std::string reason_of(int error);
/// Whether the process, or the machine, is out of descriptors: that is nothing of the path's.
bool lacks_descriptors(int error);
bool lacks_descriptors(const std::string& reason);
/// Of a lack that stays: ends the scan, as skipping what cannot be opened would leave out most of the tree.
[[noreturn]] void end_for_descriptors(const char* doing, const std::string& path, int error);
/// What kind of thing such words tell of.
Unreadable::Kind kind_of(const std::string& reason);

}  // namespace forebay
