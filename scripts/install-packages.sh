#!/usr/bin/env bash
# Installs the Debian packages that forebay needs, if any are missing. Says what it does; with sudo when not root.
#
#   scripts/install-packages.sh SET…
#
#   build    compiler, CMake and the libraries
#   run      a PostgreSQL server and psql, for the quickstart's private server (no server is started by this)
#   test     build, run and what the tests use
#   check    build and what .ci/run uses besides: clang 14 with clang-format and clang-tidy, ShellCheck
#   bench    build, run and what bench/ uses
#   versions npm, by which scripts/fetch-postgres.sh gets servers that Debian does not have; nothing where npm is there,
#            whoever's it is
#
#   scripts/install-packages.sh build run
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=(g++ cmake ninja-build pkg-config libpqxx-dev libpq-dev libsqlite3-dev libssl-dev libspdlog-dev nlohmann-json3-dev
  libboost-dev libcli11-dev libxxhash-dev)
run=(postgresql)
wanted=()
[ $# -gt 0 ] || die "name one set or more: build, run, test, check, bench, versions (see --help)" 2
for set in "$@"; do
  case $set in
    -h | --help) print_help; exit 0 ;;
    build) wanted+=("${build[@]}") ;;
    run) wanted+=("${run[@]}") ;;
    test) wanted+=("${build[@]}" "${run[@]}" catch2 python3 procps strace pgbouncer openssl systemd ccache
      zsh fish man-db mandoc) ;;
    check) wanted+=("${build[@]}" clang-14 llvm-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev shellcheck python3
      libbenchmark-dev ccache) ;;
    bench) wanted+=("${build[@]}" "${run[@]}" python3 python3-matplotlib libbenchmark-dev) ;;
    versions) command -v npm >/dev/null || wanted+=(npm) ;;
    *) die "no set '$set'; there are build, run, test, check, bench, versions (see --help)" 2 ;;
  esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  say "This is not Debian or Ubuntu, so nothing was installed. Needed, by Debian's names: ${wanted[*]}"
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  # Ubuntu and Debian call a package installed whose status ends so; a removed one with configuration left does not count.
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  if [ "$state" != installed ] && [[ " ${missing[*]} " != *" $package "* ]]; then missing+=("$package"); fi
done
if [ ${#missing[@]} = 0 ]; then
  say "Packages for $*: all there."
  exit 0
fi

as_root=()
if [ "$EUID" != 0 ]; then
  command -v sudo >/dev/null || die "packages are missing and there is no sudo; as root, run:
  apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  as_root=(sudo)
fi
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)

say "Packages for $*: installing ${missing[*]}"

# Debian makes and starts a cluster "main" when a server package comes in. Who only wants to try forebay does not want a
# server on port 5432 for good, so that is held off while we install; a server that is there already is left alone.
hold=/etc/postgresql-common/createcluster.d/forebay-quickstart.conf
held=""
release_hold() { [ -z "$held" ] || "${as_root[@]}" rm -f "$hold"; }
trap release_hold EXIT
if [[ " ${missing[*]} " == *" postgresql "* ]] && ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
  held=1
  "${as_root[@]}" mkdir -p "$(dirname "$hold")"
  echo 'create_main_cluster = false' | "${as_root[@]}" tee "$hold" >/dev/null
fi

log=$(mktemp)
if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
  tail -n 30 "$log" >&2
  rm -f "$log"
  die "apt-get could not install: ${missing[*]}
  The lines above say why; when that is mended, run this again."
fi
rm -f "$log"
# The same holds for pgbouncer, of which the tests start their own: its package starts and enables one on port 6432.
if [[ " ${missing[*]} " == *" pgbouncer "* ]]; then
  "${as_root[@]}" systemctl disable --now pgbouncer >/dev/null 2>&1 ||
    "${as_root[@]}" /etc/init.d/pgbouncer stop >/dev/null 2>&1 || true
fi
say "Packages for $*: done."
