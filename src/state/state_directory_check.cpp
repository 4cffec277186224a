#include "state/state_directory_check.hpp"

#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/path.hpp"
#include "base/private_path.hpp"

namespace forebay {
namespace {

struct Magic {
  std::uint32_t type;
  const char* name;
};
// From statfs(2) and linux/magic.h, which has not all of them.
constexpr Magic kNetworkFileSystems[] = {
    {0x6969, "NFS"},        {0x517b, "SMB"},       {0xff534d42, "CIFS"}, {0xfe534d42, "SMB2"},
    {0x00c36400, "Ceph"},   {0x5346414f, "AFS"},   {0x6b414653, "AFS"},  {0x0bd00bd0, "Lustre"},
    {0x47504653, "GPFS"},   {0x7461636f, "OCFS2"}, {0x01021997, "9P"},   {0x73757245, "Coda"},
    {0x19830326, "BeeGFS"}, {0x01161970, "GFS2"},  {0x564c, "NCP"},      {0xaad7aaea, "PanFS"},
};

constexpr const char* kElsewhere = "; set FOREBAY_STATE_DIR to a directory that this user may write to";

std::optional<std::string> problem_of_existing(const std::filesystem::path& directory, const struct stat& st) {
  if (!S_ISDIR(st.st_mode)) return "it is not a directory; set FOREBAY_STATE_DIR to one";
  if (st.st_uid != ::geteuid()) {
    const std::string as_owner = ::geteuid() == 0 ? ", or run this as that user (" + forebay_as(st.st_uid) + " …)" : "";
    return "it belongs to another user; set FOREBAY_STATE_DIR to one of your own" + as_owner;
  }
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return "others may write to it; chmod 700 it, or set FOREBAY_STATE_DIR to another";
  if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0) return std::string(std::strerror(errno)) + kElsewhere;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> network_file_system(const std::filesystem::path& path) {
  struct statfs fs = {};
  if (::statfs(nearest_existing(path).c_str(), &fs) != 0) return std::nullopt;
  for (const Magic& magic : kNetworkFileSystems) {
    if (static_cast<std::uint32_t>(fs.f_type) == magic.type) return magic.name;
  }
  return std::nullopt;
}

StateDirectoryReport check_state_directory(const std::filesystem::path& directory) {
  StateDirectoryReport report;
  struct stat st = {};
  if (::stat(directory.c_str(), &st) == 0) {
    report.exists = true;
    report.problem = problem_of_existing(directory, st);
  } else if (errno != ENOENT) {
    report.problem = std::string(std::strerror(errno)) + kElsewhere;
  } else if (::lstat(directory.c_str(), &st) == 0) {
    report.problem = "it is a symlink to what is not there; make that, or set FOREBAY_STATE_DIR to a directory";
  } else if (const auto why = why_not_to_be_made(directory)) {
    report.problem = *why + kElsewhere;
  }

  if (!report.problem) {
    if (const auto network = network_file_system(directory)) {
      report.problem = "it is on a network file system (" + *network + "); set FOREBAY_STATE_DIR to a local one";
    }
  }

  report.room = disk_room(directory);
  return report;
}

}  // namespace forebay
