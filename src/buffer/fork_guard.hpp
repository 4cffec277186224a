#pragma once

namespace forebay {

/// Knows, for the price of one read, whether this is the process that made it: a forked child must not touch the
/// parent's files, and has none of its threads.
class ForkGuard {
 public:
  ForkGuard();
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;
  ~ForkGuard();

  bool in_child() const noexcept { return *page_ == 0; }

 private:
  volatile unsigned char* page_;  // wiped to zero in children (MADV_WIPEONFORK)
};

}  // namespace forebay
