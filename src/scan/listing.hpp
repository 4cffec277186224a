#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace forebay {

/// Notices a listing that never ends, as a broken file system gives it: the names that were told come again and again.
/// Remembers one name at a time, so that it costs nothing however large a directory is.
class Listing {
 public:
  /// The next piece, as getdents64() gave it. True when the listing goes round.
  bool repeats(const char* entries, std::size_t bytes);

 private:
  std::uint64_t entries_ = 0;
  std::string mark_;
  int met_again_ = 0;
};

}  // namespace forebay
