# shellcheck shell=bash
# What the scripts share: messages, and a private PostgreSQL on a Unix socket. Sourced, never run.
# No variable here begins with FOREBAY_: forebay refuses names of that kind that are not settings of its own.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly repo

say() { printf '%s\n' "$*" >&2; }

# die MESSAGE [STATUS]: 2 is wrong usage, 4 something local.
die() {
  say "$(basename "$0"): $1"
  exit "${2:-4}"
}

# needs OPTION VALUE WHAT: wrong usage, where an option's value is missing or empty.
needs() { [ -n "$2" ] || die "$1 needs $3" 2; }

# The comment block at the top of a script is its help: printed without the shebang and the leading '#'.
print_help() { sed -n -e '1d' -e '/^#/!q' -e '/^# shellcheck/d' -e 's/^# \{0,1\}//' -e 'p' "$0"; }

# Has CMake compile through ccache where that is installed. What one clone compiled serves another: paths within the
# clone do not count, nor does the folder that a backtrace then names.
use_ccache() {
  local cache
  export CCACHE_BASEDIR=${CCACHE_BASEDIR-$repo} CCACHE_NOHASHDIR=1
  [ -z "${CMAKE_CXX_COMPILER_LAUNCHER+set}" ] || return 0
  export CMAKE_CXX_COMPILER_LAUNCHER=""
  # Where it may not write it stops every compilation.
  if cache=$(ccache -k cache_dir 2>/dev/null) && mkdir -p "$cache/tmp" 2>/dev/null && [ -w "$cache/tmp" ]; then
    CMAKE_CXX_COMPILER_LAUNCHER=ccache
  fi
}

# Prints the folder for files that need not outlast their run: in memory where that has 4 GB to spare and programs may be
# run (tests write some), else /tmp.
scratch_folder() {
  local free_kb
  free_kb=$({ df -k --output=avail /dev/shm | tail -n 1 && awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo; } 2>/dev/null |
    sort -n | head -n 1)
  if [ -w /dev/shm ] && [ "$(stat -f -c %T /dev/shm)" = tmpfs ] && [ "${free_kb:-0}" -ge $((4 * 1024 * 1024)) ] &&
    ! awk '$2 == "/dev/shm" { print $4 }' /proc/mounts | grep -qw noexec; then
    echo /dev/shm
  else
    echo /tmp
  fi
}

# find_pg_bin FOLDER: sets pg_bin to the server's programs, those in FOLDER or, without one (""), the newest of Debian's, which
# are not in PATH; and psql to its client, which may be another version's.
find_pg_bin() {
  local candidates candidate
  mapfile -t candidates < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV)
  candidates+=("$(dirname "$(command -v initdb || echo /nowhere/initdb)")")
  if [ -n "$1" ]; then
    if ! pg_bin=$(cd -- "$1" 2>/dev/null && pwd -P) || ! has_server_programs "$pg_bin"; then
      die "no PostgreSQL server programs (initdb, pg_ctl, postgres) in $1; give the bin folder that has them, as in /usr/lib/postgresql/15/bin" 2
    fi
    for candidate in "$pg_bin" "${candidates[@]}"; do
      psql=$candidate/psql
      if [ -x "$psql" ]; then return; fi
    done
    psql=$(command -v psql) || die "no psql in $pg_bin, /usr/lib/postgresql/*/bin nor in PATH; install it with: apt-get install postgresql-client"
    return
  fi
  for candidate in "${candidates[@]}"; do
    pg_bin=$candidate psql=$candidate/psql
    if has_server_programs "$pg_bin" && [ -x "$psql" ]; then return; fi
  done
  die "no PostgreSQL server programs (initdb, pg_ctl) in /usr/lib/postgresql/*/bin nor in PATH;
  install them with: $repo/scripts/install-packages.sh run   (Debian and Ubuntu: apt-get install postgresql)"
}
has_server_programs() { [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ] && [ -x "$1/postgres" ]; }

# find_libpqxx PREFIX: sets libpqxx_version and libpqxx_prefix, without a link in it, to what is installed there.
find_libpqxx() {
  local folder
  if libpqxx_prefix=$(cd -- "$1" 2>/dev/null && pwd -P); then
    for folder in "$libpqxx_prefix"/lib/pkgconfig "$libpqxx_prefix"/lib/*/pkgconfig "$libpqxx_prefix"/lib64/pkgconfig; do
      [ -e "$folder/libpqxx.pc" ] || continue
      # shellcheck disable=SC2034  # for who sources this
      libpqxx_version=$(sed -n 's/^Version: *//p' "$folder/libpqxx.pc")
      return
    done
  fi
  die "no libpqxx in $1 (a libpqxx.pc in its lib/pkgconfig, where CMake looks for it); install one there with:
  cmake -S LIBPQXX -B BUILD -DBUILD_SHARED_LIBS=ON -DSKIP_BUILD_TEST=ON -DCMAKE_INSTALL_PREFIX=$1 && cmake --build BUILD && cmake --install BUILD" 2
}

# The user a private server has to run as: PostgreSQL refuses to run as root.
pg_server_user() {
  if [ "$EUID" != 0 ]; then id -un; return; fi
  id -u postgres >/dev/null 2>&1 ||
    die "there is no user postgres to run the server as; install Debian's package postgresql, or call this as another user than root"
  echo postgres
}

# as_pg_owner FOLDER COMMAND…: runs a server program as the user that the private server's folder belongs to.
as_pg_owner() {
  local folder=$1 owner
  shift
  owner=$(stat -c %U "$folder")
  # From /: the owner may not be able to enter the current directory.
  if [ "$EUID" = 0 ]; then
    (cd / && runuser -u "$owner" -- "$@")
  else
    (cd / && "$@")
  fi
}

# pg_init FOLDER: an empty cluster in FOLDER/data. FOLDER exists, is private, and names no character but [A-Za-z0-9/_.-].
pg_init() {
  local folder=$1 locale=C
  if locale -a 2>/dev/null | grep -qix 'C\.utf-\?8'; then locale=C.UTF-8; fi
  if ! as_pg_owner "$folder" "$pg_bin/initdb" -D "$folder/data" -U postgres --auth=trust --encoding=UTF8 \
    --locale="$locale" --no-sync >"$folder/initdb.log" 2>&1; then
    say "initdb said:"
    tail -n 20 "$folder/initdb.log" >&2
    die "could not make a PostgreSQL cluster in $folder; is the disk full, or memory short?"
  fi
  # Whoever may enter the folder may connect: there is no other way in, so "trust" trusts the folder's mode.
  printf "listen_addresses = ''\nunix_socket_directories = '%s'\nlog_min_messages = warning\n" "$folder" \
    >>"$folder/data/postgresql.conf"
}

# pg_start FOLDER [NAME=VALUE…]: starts it and waits until it answers.
pg_start() {
  local folder=$1 options="" setting
  shift
  for setting in "$@"; do options+=" -c $setting"; done
  # pg_ctl gives the server a session of its own, so that Ctrl-C at the terminal does not shut it down.
  if ! as_pg_owner "$folder" "$pg_bin/pg_ctl" start -D "$folder/data" -w -t 60 -s -l "$folder/server.log" -o "$options" \
    </dev/null >"$folder/pg_ctl.log" 2>&1; then
    say "the server's log ends:"
    tail -n 20 "$folder/server.log" "$folder/pg_ctl.log" >&2 || true
    die "PostgreSQL did not start in $folder within 60 s; the lines above say why"
  fi
}

pg_running() { as_pg_owner "$1" "$pg_bin/pg_ctl" status -D "$1/data" >/dev/null 2>&1; }

# pg_stop FOLDER MODE: MODE as pg_ctl has it. Ends the server even if a test has stopped (SIGSTOP) it.
pg_stop() {
  local folder=$1 mode=$2 pid
  pid=$(head -n 1 "$folder/data/postmaster.pid" 2>/dev/null) || return 0
  [ -n "$pid" ] || return 0
  kill -CONT "$pid" 2>/dev/null || true
  as_pg_owner "$folder" "$pg_bin/pg_ctl" stop -D "$folder/data" -m "$mode" -w -t 30 -s >/dev/null 2>&1 && return 0
  pg_running "$folder" || return 0
  [ "$mode" = immediate ] || return 1
  kill -KILL "$pid" 2>/dev/null || true
}

# pg_url FOLDER DATABASE. With the port, or a PGPORT of the reader's would name another socket.
pg_url() { printf 'postgresql://postgres@/%s?host=%s&port=5432' "$2" "$1"; }

# pg_env FOLDER DATABASE: exports PG* and DATABASE_URL for it, after forgetting the caller's (a PGSERVICE or PGHOSTADDR would win).
pg_env() {
  local name
  while IFS= read -r name; do unset "$name"; done < <(compgen -e PG | grep -E '^PG[A-Z]+$')
  export PGHOST=$1 PGPORT=5432 PGUSER=postgres PGDATABASE=$2
  DATABASE_URL=$(pg_url "$1" "$2")
  export DATABASE_URL
}

# build_bench TARGET INSTALL: builds a program of bench/ as released, and sets bench_build to where it is; build/bench is
# there for its figures. INSTALL empty: packages are left alone.
build_bench() {
  [ -z "$2" ] || "$repo/scripts/install-packages.sh" bench
  (cd "$repo" && cmake --preset release -DFOREBAY_BUILD_BENCH=ON >/dev/null &&
    cmake --build --preset release -j "$(nproc)" --target "$1" >&2) || die "the build failed; the lines above say where"
  mkdir -p "$repo/build/bench"
  # shellcheck disable=SC2034  # for who sources this
  bench_build=$repo/build/release/bench
}
