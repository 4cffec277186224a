#!/usr/bin/env bash
# Runs the cases from the field (docs/faults.md) against the command as it is released: what reports of programs that do
# this job tell of, each made again by the tests with the tag [field] and its neighbours.
# The last line is "N passed, N failed, N skipped"; status 0 only if something passed and nothing failed.
#
#   scripts/field-cases.sh [--command FILE] [--no-install] [NUMBER…]
#
#   --command FILE    that forebay, an installed one say, instead of build/release/forebay, which is built if need be
#   --no-install      leave the packages alone
#   NUMBER            only these, by their numbers in docs/faults.md
#
#   scripts/field-cases.sh
#   scripts/field-cases.sh --command /usr/local/bin/forebay 14 25
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

command="" install=() filter=""
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --command) needs "$1" "${2:-}" "a program"; command=$2; shift 2 ;;
    --no-install) install=(--no-install); shift ;;
    [0-9][0-9])
      grep -rq "\[field-$1\]" "$repo/tests" || die "there is no case $1; docs/faults.md has the numbers" 2
      filter=${filter:+$filter,}[field-$1]
      shift
      ;;
    *) die "unknown argument $1; see --help" 2 ;;
  esac
done

if [ -z "$command" ]; then
  [ ${#install[@]} -gt 0 ] || "$repo/scripts/install-packages.sh" build
  use_ccache
  (cd "$repo" && cmake --preset release -DCMAKE_CXX_COMPILER_LAUNCHER="$CMAKE_CXX_COMPILER_LAUNCHER" >/dev/null &&
    cmake --build --preset release -j "$(nproc)" --target forebay_command >&2) || die "the build failed; the lines above say where"
  command=$repo/build/release/forebay
fi
exec "$repo/scripts/test.sh" ${install[@]+"${install[@]}"} --command "$command" --filter "${filter:-[field]}"
