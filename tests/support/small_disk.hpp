#pragma once

#include <sys/mount.h>

#include <filesystem>
#include <string>
#include <utility>

namespace forebay::test {

/// A tmpfs on a folder, while it lives.
class SmallDisk {
 public:
  SmallDisk(std::filesystem::path folder, const std::string& limits) : folder_(std::move(folder)) {
    std::filesystem::create_directory(folder_);
    mounted_ = ::mount("none", folder_.c_str(), "tmpfs", 0, ("mode=700," + limits).c_str()) == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  std::filesystem::path folder_;
  bool mounted_ = false;
};

}  // namespace forebay::test
