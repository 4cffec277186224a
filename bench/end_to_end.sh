#!/usr/bin/env bash
# Measures forebay's main job, a tree into PostgreSQL, beside the yardstick (bench/yardstick/README.md): on one tree, one
# throwaway server with Debian's defaults, in interleaved rounds. Prints a table and forebay's ratios, and writes all of
# it with the machine's particulars to build/bench/end_to_end.json.
#
#   bench/end_to_end.sh [--rounds N] [--build DIR] [--no-install] [DIR]
#
#   --rounds N      rounds (default 5); the order of the contestants rotates from round to round
#   --build DIR     a release build of forebay to use as it is (default: build/release, brought up to date)
#   --no-install    leave the packages alone
#   DIR             the tree (default /usr)
#
# forebay runs as a whole process at its default settings; the others are charged with what they themselves say, which
# leaves out their start.
#
#   bench/end_to_end.sh --rounds 3 /usr/share
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

rounds=5 build="" install=yes tree=/usr
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --rounds) rounds=${2:?--rounds needs a number}; shift 2 ;;
    --build) build=${2:?--build needs a folder}; shift 2 ;;
    --no-install) install=""; shift ;;
    -*) die "unknown option $1; see --help" 2 ;;
    *) tree=$1; shift ;;
  esac
done
[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "--rounds needs a number from 1 up, not '$rounds'" 2
[ -d "$tree" ] || die "$tree is not a directory" 2
tree=$(cd "$tree" && pwd -P)

[ -z "$install" ] || "$repo/scripts/install-packages.sh" bench
if [ -z "$build" ]; then
  build=$repo/build/release
  (cd "$repo" && cmake --preset release >/dev/null && cmake --build --preset release -j "$(nproc)" >&2) || die "the build failed; the lines above say where"
fi
build=$(cd "$build" && pwd)
[ -x "$build/forebay" ] || die "there is no forebay in $build; build it with: cmake --preset release && cmake --build --preset release" 2
build_type=$(sed -n 's/^CMAKE_BUILD_TYPE:[A-Z]*=//p' "$build/CMakeCache.txt" 2>/dev/null || true)
[ "$build_type" = Release ] || say "Note: $build is a ${build_type:-nameless} build, not Release; its figures say little."

mkdir -p "$repo/build/bench"
probe=$repo/build/bench/probe
if [ ! -x "$probe" ] || [ "$repo/bench/yardstick/probe.cpp" -nt "$probe" ]; then
  g++ -O2 -std=c++20 "$repo/bench/yardstick/probe.cpp" -o "$probe" -I"$(pg_config --includedir)" -lsqlite3 -lpq -pthread
fi
exec "$repo/scripts/with-postgres.sh" python3 "$repo/bench/end_to_end.py" --rounds "$rounds" --forebay "$build/forebay" \
  --build-type "${build_type:-none}" --probe "$probe" --output "$repo/build/bench/end_to_end.json" "$tree"
