#!/usr/bin/env bash
# Builds forebay and its tests with another libpqxx than Debian's, warnings being errors, and runs the cases that take a server.
#
#   scripts/libpqxx-versions.sh --prefix DIR [--prefix DIR]… [--filter SPEC] [--jobs N] [--no-install]
#
#   --prefix DIR   where that libpqxx is installed (a libpqxx.pc in its lib/pkgconfig); repeatable. It has to be built as C++20
#   --filter SPEC  the cases, as Catch2 takes them (default [postgres],[sink])
#   --jobs N       as scripts/test.sh takes it
#   --no-install   leave the packages alone
#
# Each is built in a folder of its own, build/dev-libpqxx-VERSION. A line for each; the last line is "N passed, N failed,
# N skipped"; status 0 only if something passed and nothing failed.
#
# A checkout of libpqxx is installed in a prefix by
#   cmake -S libpqxx -B /tmp/pqxx -DCMAKE_CXX_STANDARD=20 -DBUILD_SHARED_LIBS=ON -DSKIP_BUILD_TEST=ON \
#     -DCMAKE_INSTALL_PREFIX=/opt/pqxx-7.10 && cmake --build /tmp/pqxx && cmake --install /tmp/pqxx
#
#   scripts/libpqxx-versions.sh --prefix /opt/pqxx-7.9 --prefix /opt/pqxx-7.10
#   scripts/libpqxx-versions.sh --prefix /opt/pqxx-7.10 --filter 'a row*'
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

test=() filter='[postgres],[sink]' prefixes=() install=yes
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --prefix) needs "$1" "${2:-}" "a folder"; prefixes+=("$2"); shift 2 ;;
    --filter) needs "$1" "${2:-}" "a Catch2 test spec"; filter=$2; shift 2 ;;
    --jobs) needs "$1" "${2:-}" "a number"; test+=(--jobs "$2"); shift 2 ;;
    --no-install) install=""; shift ;;
    *) die "unknown option $1; see --help" 2 ;;
  esac
done
[ ${#prefixes[@]} -gt 0 ] || die "which libpqxx? For example: scripts/libpqxx-versions.sh --prefix /opt/pqxx-7.10 (see --help)" 2
# All of them before the first is built: minutes later would be unkind.
for prefix in "${prefixes[@]}"; do find_libpqxx "$prefix"; done

[ -z "$install" ] || "$repo/scripts/install-packages.sh" test
# shellcheck source=scripts/lib_versions.sh
source "$repo/scripts/lib_versions.sh"
for prefix in "${prefixes[@]}"; do
  find_libpqxx "$prefix"
  started=$SECONDS
  run_tests "libpqxx $libpqxx_version" --libpqxx "$libpqxx_prefix" --filter "$filter" ${test[@]+"${test[@]}"}
  # CMake could have found the one in /usr.
  linked=$(ldd "$repo/build/dev-libpqxx-$libpqxx_version/forebay" 2>/dev/null | awk '/libpqxx/ { print $3 }' || true)
  if [[ $linked != "$libpqxx_prefix"/* ]]; then
    say "libpqxx $libpqxx_version: what was built is linked with ${linked:-no libpqxx}, not with the one in $libpqxx_prefix"
    counts[1]=$((counts[1] + 1))
  fi
  end_version "libpqxx $libpqxx_version" "$((SECONDS - started))"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
