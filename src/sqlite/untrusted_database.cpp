#include "sqlite/untrusted_database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "sqlite/statement.hpp"

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

namespace {

int only_reading(void*, int action, const char* first, const char*, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
      return SQLITE_OK;
    case SQLITE_PRAGMA:
      return first != nullptr && std::string_view(first) == "quick_check" ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

void switch_off(SqliteConnection& c) {
  sqlite3_db_config(c.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  for (const int what : {SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
                         SQLITE_DBCONFIG_ENABLE_FKEY, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,
                         SQLITE_DBCONFIG_WRITABLE_SCHEMA, SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL}) {
    sqlite3_db_config(c.handle(), what, 0, nullptr);
  }
}

void set_limits(SqliteConnection& c, const UntrustedLimits& limits) {
  sqlite3_limit(c.handle(), SQLITE_LIMIT_LENGTH, limits.value_bytes_max);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_SQL_LENGTH, limits.sql_bytes_max);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_TRIGGER_DEPTH, 0);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_WORKER_THREADS, 0);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_VARIABLE_NUMBER, 8);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_EXPR_DEPTH, 20);
  sqlite3_limit(c.handle(), SQLITE_LIMIT_FUNCTION_ARG, 8);
}

}  // namespace

SqliteConnection open_untrusted(int descriptor, const std::string& name, const UntrustedLimits& limits) {
  SqliteConnection c(descriptor_uri(descriptor), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, descriptor_vfs());
  c.rename(name);
  switch_off(c);
  set_limits(c, limits);

  c.exec("PRAGMA cell_size_check = ON");  // none of these three reads the file
  c.exec("PRAGMA query_only = ON");
  c.exec("PRAGMA temp_store = MEMORY");
  sqlite3_set_authorizer(c.handle(), only_reading, nullptr);

  // The first statement makes SQLite parse the schema, and a crafted one may have no end.
  sqlite3_progress_handler(
      c.handle(), limits.schema_steps_max, [](void*) { return 1; }, nullptr);
  const int code = sqlite3_exec(c.handle(), "SELECT 1 FROM sqlite_master LIMIT 1", nullptr, nullptr, nullptr);
  sqlite3_progress_handler(c.handle(), 0, nullptr, nullptr);
  if (code != SQLITE_OK) c.fail("cannot read the schema of");
  return c;
}

std::string quick_check(SqliteConnection& connection) {
  SqliteStatement check(connection, "PRAGMA quick_check(1)", SqliteStatement::Life::once);
  if (!check.step()) return "quick_check answers nothing";
  const std::string answer(check.column_text(0));
  return answer == "ok" ? std::string() : answer;
}

}  // namespace forebay
