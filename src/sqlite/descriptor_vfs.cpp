#include "sqlite/descriptor_vfs.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace forebay {
namespace {

struct OpenFile {
  sqlite3_file base;  // first: SQLite knows no more of it
  int fd;
};

int fd_of(sqlite3_file* file) { return reinterpret_cast<OpenFile*>(file)->fd; }

int close_file(sqlite3_file* file) {
  ::close(fd_of(file));
  return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* to, int bytes, sqlite3_int64 offset) {
  auto* at = static_cast<char*>(to);
  std::size_t left = static_cast<std::size_t>(bytes);
  while (left > 0) {
    const ssize_t n = ::pread(fd_of(file), at, left, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SQLITE_IOERR_READ;
    if (n == 0) {
      std::memset(at, 0, left);  // SQLite asks for zeros behind the end
      return SQLITE_IOERR_SHORT_READ;
    }
    at += n;
    offset += n;
    left -= static_cast<std::size_t>(n);
  }
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  struct stat st = {};
  if (::fstat(fd_of(file), &st) != 0) return SQLITE_IOERR_FSTAT;
  *size = st.st_size;
  return SQLITE_OK;
}

const sqlite3_io_methods kMethods = [] {
  sqlite3_io_methods m{};
  m.iVersion = 1;
  m.xClose = close_file;
  m.xRead = read_file;
  m.xWrite = [](sqlite3_file*, const void*, int, sqlite3_int64) { return SQLITE_READONLY; };
  m.xTruncate = [](sqlite3_file*, sqlite3_int64) { return SQLITE_READONLY; };
  m.xSync = [](sqlite3_file*, int) { return SQLITE_OK; };
  m.xFileSize = file_size;
  m.xLock = [](sqlite3_file*, int) { return SQLITE_OK; };
  m.xUnlock = [](sqlite3_file*, int) { return SQLITE_OK; };
  m.xCheckReservedLock = [](sqlite3_file*, int* held) {
    *held = 0;
    return SQLITE_OK;
  };
  m.xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; };
  m.xSectorSize = [](sqlite3_file*) { return 512; };
  m.xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_IMMUTABLE; };
  return m;
}();

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  file->pMethods = nullptr;
  constexpr int kForbidden = SQLITE_OPEN_CREATE | SQLITE_OPEN_READWRITE | SQLITE_OPEN_DELETEONCLOSE;
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0 || (flags & kForbidden) != 0) return SQLITE_CANTOPEN;
  const auto descriptor = static_cast<int>(sqlite3_uri_int64(name, "fd", -1));
  const int fd = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return SQLITE_CANTOPEN;
  auto* opened = reinterpret_cast<OpenFile*>(file);
  opened->base.pMethods = &kMethods;
  opened->fd = fd;
  if (flags_out != nullptr) *flags_out = flags;
  return SQLITE_OK;
}

sqlite3_vfs make_vfs() {
  sqlite3_vfs v{};
  v.iVersion = 1;
  v.szOsFile = sizeof(OpenFile);
  v.mxPathname = 64;
  v.zName = "forebay-descriptor";
  v.xOpen = open_file;
  v.xDelete = [](sqlite3_vfs*, const char*, int) { return SQLITE_READONLY; };
  v.xAccess = [](sqlite3_vfs*, const char*, int, int* there) {
    *there = 0;  // above all no journal and no SQLite WAL that would be played back into the file
    return SQLITE_OK;
  };
  v.xFullPathname = [](sqlite3_vfs*, const char* name, int room, char* to) {
    sqlite3_snprintf(room, to, "%s", name);
    return SQLITE_OK;
  };
  v.xRandomness = [](sqlite3_vfs*, int bytes, char* to) {
    std::memset(to, 0, static_cast<std::size_t>(bytes));  // what is only read draws no random numbers
    return bytes;
  };
  v.xSleep = [](sqlite3_vfs*, int) { return 0; };
  v.xCurrentTime = [](sqlite3_vfs*, double* days) {
    *days = 2440587.5;  // 1970: nothing that is read asks for the time
    return SQLITE_OK;
  };
  v.xGetLastError = [](sqlite3_vfs*, int, char*) { return errno; };
  return v;
}

}  // namespace

const char* descriptor_vfs() {
  static sqlite3_vfs vfs = make_vfs();
  static const int kRegistered = sqlite3_vfs_register(&vfs, 0);  // not as the default: nothing else changes
  return kRegistered == SQLITE_OK ? vfs.zName : "";
}

std::string descriptor_uri(int descriptor) { return "file:database?fd=" + std::to_string(descriptor); }

}  // namespace forebay
