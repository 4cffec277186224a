#!/usr/bin/env bash
# Checks what a compiler does not: format, lint, and the scripts themselves.
# The last line is "N passed, N failed, N skipped", each check counted once.
#
#   scripts/check.sh [--fix] [--no-install] [CHECK…]
#
#   format   clang-format 14 on include, src, tests, bench and docs; --fix mends it
#   tidy     clang-tidy 14 on src and the headers it includes (.clang-tidy says what is asked)
#   shell    ShellCheck on every script, and the examples in the Python ones
#   docs     what the pages say: who may include whom, links, paths, both READMEs in step (scripts/check_docs.py)
#   bench    bench/ compiles without a warning, and the examples in its Python hold
#   shared   an optimized build with shared libraries, warnings being errors; what the library exports
#            (scripts/check_exports.py); the consumer project against its install
#
#   scripts/check.sh               all of them
#   scripts/check.sh --fix format
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

checks=() fix="" install=yes
for argument in "$@"; do
  case $argument in
    -h | --help) print_help; exit 0 ;;
    --fix) fix=yes ;;
    --no-install) install="" ;;
    format | tidy | shell | docs | bench | shared) checks+=("$argument") ;;
    *) die "no check '$argument'; there are format, tidy, shell, docs, bench, shared (see --help)" 2 ;;
  esac
done
[ ${#checks[@]} -gt 0 ] || checks=(format tidy shell docs bench shared)
cd "$repo"
use_ccache
launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=$CMAKE_CXX_COMPILER_LAUNCHER
[ -z "$install" ] || scripts/install-packages.sh check

# bench/yardstick is a copy, kept as it is where it came from.
sources() { find include src tests bench docs -path bench/yardstick -prune -o \( -name '*.cpp' -o -name '*.hpp' \) -print0 2>/dev/null; }

format() {
  if [ -n "$fix" ]; then
    sources | xargs -0 -r clang-format-14 -i
  else
    sources | xargs -0 -r clang-format-14 --dry-run -Werror || { say "scripts/check.sh --fix format mends it"; return 1; }
  fi
}
tidy() {
  # As clang compiles it, so that every flag in the compile commands is one that clang-tidy knows.
  cmake --preset asan -B build/tidy "$launcher" >/dev/null && scripts/check_tidy.py build/tidy
}
shell() {
  find scripts bench tests .ci -type f -print0 | xargs -0 grep -lZE '^#!.*\bbash|^# shellcheck shell=bash' |
    xargs -0 -r shellcheck || return
  local file
  for file in scripts/*.py; do python3 -m doctest "$file" || return; done
}
docs() { scripts/check_docs.py; }

bench() {
  # In the sanitizers' build, where .ci/run has the library already.
  cmake --preset asan "$launcher" -DFOREBAY_BUILD_BENCH=ON >/dev/null &&
    cmake --build build/asan -j "$(nproc)" --target forebay_bench forebay_refused_rows &&
    (cd bench && for file in bars testbed micro zero_blocking; do python3 -m doctest "$file.py" || exit 1; done)
}

shared() {
  # Some warnings of g++ come only with optimization, which the dev build goes without.
  cmake -S . -B build/shared -G Ninja "$launcher" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON -DFOREBAY_WERROR=ON \
    -DFOREBAY_BUILD_TESTS=OFF >/dev/null && cmake --build build/shared -j "$(nproc)" && scripts/check_exports.py build/shared/libforebay.so &&
    tests/consumer/run.sh build/shared
}

passed=0 failed=0
for check in "${checks[@]}"; do
  started=$SECONDS
  if "$check"; then
    passed=$((passed + 1))
    echo "passed  $check ($((SECONDS - started)) s)"
  else
    failed=$((failed + 1))
    echo "FAILED  $check"
  fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
