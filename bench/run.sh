#!/usr/bin/env bash
# Measures forebay beside what else does its job, in interleaved rounds, and holds it to its bars (docs/performance.md).
# Prints tables; writes all of it to build/bench/run.json and a picture to build/bench/run.svg, or with --short or --part
# beside them, to run-short-micro.json, say.
#
#   bench/run.sh [--short] [--rounds N] [--part PART]… [--build DIR] [--no-install] [DIR]
#
#   --short         under three minutes once it is built: fewer rounds, no more than a million files, the yardstick on its
#                   own table only
#   --rounds N      (default 5; with --short 2)
#   --part PART     end_to_end, micro or curves only; repeatable
#   --build DIR     a release build with bench programs to use as it is (default: build/release, brought up to date)
#   --no-install    leave the packages alone
#   DIR             the tree (default /usr); bars are meant for one of at least 170,000 entries
#
# The long form takes some ten minutes, 10 GiB of disk, and a machine that does nothing else.
# Ends with 0 when every bar is met, 1 when one is missed, 2 for wrong usage, 4 when something could not be measured.
#
#   bench/run.sh --short
#   bench/run.sh --part end_to_end --rounds 3 /usr/share
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

rounds="" build="" install=yes tree="" options=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --short) options+=(--short); rounds=${rounds:-2}; shift ;;
    --rounds)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "--rounds needs a number from 1 up, not '${2:-}'" 2
      rounds=$2
      shift 2
      ;;
    --part)
      [[ ${2:-} =~ ^(end_to_end|micro|curves)$ ]] || die "--part needs end_to_end, micro or curves, not '${2:-}'" 2
      options+=(--part "$2")
      shift 2
      ;;
    --build)
      [ -d "${2:-}" ] || die "--build needs a folder that is there, not '${2:-}'" 2
      build=$(cd "$2" && pwd)
      shift 2
      ;;
    --no-install) install=""; shift ;;
    -*) die "unknown option $1; see --help" 2 ;;
    *)
      [ -z "$tree" ] || die "one tree only, not '$tree' and '$1'" 2
      tree=$1
      shift
      ;;
  esac
done
tree=${tree:-/usr}
[ -d "$tree" ] || die "$tree is not a directory" 2
tree=$(cd "$tree" && pwd -P)

if [ -z "$build" ]; then
  build_bench forebay_bench "$install"
  build=$(dirname "$bench_build")
else
  [ -z "$install" ] || "$repo/scripts/install-packages.sh" bench
  mkdir -p "$repo/build/bench"
fi
for program in forebay bench/forebay_micro bench/forebay_feed bench/forebay_inserts; do
  [ -x "$build/$program" ] || die "there is no $program in $build; build it with:
  cmake --preset release -DFOREBAY_BUILD_BENCH=ON && cmake --build --preset release" 2
done
build_type=$(sed -n 's/^CMAKE_BUILD_TYPE:[A-Z]*=//p' "$build/CMakeCache.txt" 2>/dev/null || true)
[ "$build_type" = Release ] || say "Note: $build is a ${build_type:-nameless} build, not Release; its figures say little."

probe=$repo/build/bench/probe
if [ ! -x "$probe" ] || [ "$repo/bench/yardstick/probe.cpp" -nt "$probe" ]; then
  g++ -O2 -std=c++20 "$repo/bench/yardstick/probe.cpp" -o "$probe" -I"$(pg_config --includedir)" -lsqlite3 -lpq -pthread ||
    die "the yardstick's probe cannot be built; the lines above say why (scripts/install-packages.sh bench)"
fi
# The package is for Debian's python3, which may not be the first in PATH.
python=""
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -c 'import matplotlib' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || die "python3 has no matplotlib, which draws the picture; install it with: scripts/install-packages.sh bench"

exec "$repo/scripts/with-postgres.sh" "$python" "$repo/bench/run.py" --programs "$build" --build-type "${build_type:-none}" \
  --probe "$probe" --output "$repo/build/bench" --rounds "${rounds:-5}" ${options[@]+"${options[@]}"} "$tree"
