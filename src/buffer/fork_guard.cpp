#include "buffer/fork_guard.hpp"

#include <sys/mman.h>

#include "forebay/error.hpp"

namespace forebay {

namespace {
constexpr std::size_t kBytes = 4096;
}

ForkGuard::ForkGuard() {
  void* page = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED || ::madvise(page, kBytes, MADV_WIPEONFORK) != 0) {
    throw Error(ErrorCode::local, "cannot get a page of memory to notice forks with (Linux 4.14 or newer is needed)");
  }
  page_ = static_cast<volatile unsigned char*>(page);
  *page_ = 1;
}

ForkGuard::~ForkGuard() { ::munmap(const_cast<unsigned char*>(page_), kBytes); }

}  // namespace forebay
