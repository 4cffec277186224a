#!/usr/bin/env bash
# Installs what the tests need, builds, starts a throwaway PostgreSQL, runs every test, and cleans up.
# The last line is "N passed, N failed, N skipped"; status 0 only if something passed and nothing failed.
#
#   scripts/test.sh [--sanitize address|thread] [--filter SPEC] [--timeout SECONDS] [--jobs N] [--no-install]
#                   [--build-only] [--postgres BIN] [--libpqxx PREFIX] [--command FILE]
#
#   --sanitize address   built by clang 14 with address and undefined behaviour sanitizers, in build/asan
#   --sanitize thread    built by clang 14 with the thread sanitizer, in build/tsan; without --filter, the cases that start
#                        a thread or a process: tag [threads], which the run without sanitizers checks
#   --filter SPEC        only these cases, as Catch2 takes it: "a batch*" or "[postgres]"; and no test of the install
#   --timeout SECONDS    what one case may take before it counts as failed (default 300; with sanitizers 900)
#   --jobs N             runs of the tests side by side, each with a server of its own; they share the cases (default:
#                        two for each processor, eight at most)
#   --no-install         leave the packages alone
#   --build-only         build what the tests need, and run none
#   --postgres BIN       the servers are those of the folder BIN (initdb, pg_ctl, postgres), not the newest of Debian's
#   --command FILE       the forebay that cases start is this one, not the build's own
#   --libpqxx PREFIX     built with the libpqxx that is installed there, in a folder of its own in build/
#
#   scripts/test.sh
#   scripts/test.sh --filter '[postgres]'
#   scripts/test.sh --sanitize thread --filter 'a batch*'
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

preset=dev filter="" timeout="" jobs="" install=yes build_only="" postgres="" libpqxx="" command=""
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --sanitize)
      case ${2:-} in
        address) preset=asan ;;
        thread) preset=tsan ;;
        *) die "--sanitize needs address or thread" 2 ;;
      esac
      shift 2
      ;;
    --filter) needs "$1" "${2:-}" "a Catch2 test spec"; filter=$2; shift 2 ;;
    --timeout) needs "$1" "${2:-}" "seconds"; timeout=$2; shift 2 ;;
    --jobs)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "--jobs needs a number from 1 up, not '${2:-}'" 2
      jobs=$2
      shift 2
      ;;
    --no-install) install=""; shift ;;
    --build-only) build_only=yes; shift ;;
    --postgres) needs "$1" "${2:-}" "a folder with initdb"; postgres=$2; shift 2 ;;
    --command)
      if [ ! -f "${2:-}" ] || [ ! -x "$2" ]; then die "--command needs a program, not '${2:-}'" 2; fi
      command=$(realpath "$2")
      shift 2
      ;;
    --libpqxx) needs "$1" "${2:-}" "the prefix of an installed libpqxx"; libpqxx=$2; shift 2 ;;
    *) die "unknown option $1; see --help" 2 ;;
  esac
done
timeout=${timeout:-$([ "$preset" = dev ] && echo 300 || echo 900)}

if [ -n "$install" ]; then
  sets=(test)
  [ "$preset" = dev ] || sets+=(check)
  "$repo/scripts/install-packages.sh" "${sets[@]}"
fi

if [ -n "$postgres" ]; then
  find_pg_bin "$postgres"  # before the build: minutes later would be unkind
  postgres=$pg_bin
fi
build=$repo/build/$preset configure=()
if [ -n "$libpqxx" ]; then
  find_libpqxx "$libpqxx"
  build+=-libpqxx-$libpqxx_version
  configure+=(-DCMAKE_PREFIX_PATH="$libpqxx_prefix")
fi

use_ccache
if ! { cd "$repo" && cmake --preset "$preset" -B "$build" -DCMAKE_CXX_COMPILER_LAUNCHER="$CMAKE_CXX_COMPILER_LAUNCHER" \
  ${configure[@]+"${configure[@]}"} >/dev/null && cmake --build "$build" -j "$(nproc)"; }; then
  say "The build failed; the lines above say where."
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

[ -z "$build_only" ] || exit 0

# Tests start from nothing: none of the caller's settings, and no .env of the current folder.
while IFS= read -r name; do unset "$name"; done < <(compgen -e | grep -E '^(DATABASE_URL|USE_MEMORY_DB|(MEMORY_DB|SYNC|SCAN|FOREBAY)_.*)$')
[ -z "$command" ] || export FOREBAY_TEST_COMMAND=$command
work=$(mktemp -d /tmp/forebay-test.XXXXXX)
clean_up() {
  # shellcheck disable=SC2046
  kill $(jobs -p) 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$work"

runner=("$repo/scripts/with-postgres.sh" --no-fsync)
[ -z "$postgres" ] || runner+=(--bin "$postgres")
if [ "$preset" != dev ]; then
  # What differs from file system to file system is for the run without sanitizers. ext4 without a journal took a third of
  # all processor time, in search of inodes that were not deleted lately.
  TMPDIR=$(scratch_folder)
  export TMPDIR
  # The sanitizers' fixed shadow addresses clash with much address space randomisation.
  if setarch -R true 2>/dev/null; then runner+=(setarch -R); fi
  symbolizer=$(command -v llvm-symbolizer-14 || true)
  export ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1:external_symbolizer_path=$symbolizer
  export LSAN_OPTIONS=print_suppressions=0:suppressions=$repo/scripts/lsan.supp
  export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:external_symbolizer_path=$symbolizer
  export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=$repo/scripts/tsan.supp:external_symbolizer_path=$symbolizer
fi
if [ "$preset" = tsan ] && [ -z "$filter" ]; then filter="[threads]"; fi
# The cases wait for servers, disks and clocks most of their time.
if [ -z "$jobs" ]; then
  jobs=$(($(nproc) * 2))
  [ "$jobs" -le 8 ] || jobs=8
fi
for ((job = 1; job <= jobs; ++job)); do
  "${runner[@]}" "$repo/scripts/run_tests.py" --queue "$work/queue" --timeout "$timeout" --counts "$work/counts.$job" \
    ${filter:+--filter "$filter"} "$build/tests/forebay_tests" &
done
wait
counts=(0 0 0 0)
for ((job = 1; job <= jobs; ++job)); do
  if [ -s "$work/counts.$job" ]; then
    mapfile -t of_job < <(python3 -c 'import json, sys; print(*json.load(open(sys.argv[1])), sep="\n")' "$work/counts.$job")
    for i in 0 1 2 3; do counts[i]=$((counts[i] + of_job[i])); done
  else
    counts[1]=$((counts[1] + 1))  # it broke down
  fi
done
# A run in which no case ran, or all were skipped, has shown nothing.
if [ "${counts[0]}" = 0 ] && [ "${counts[1]}" = 0 ]; then counts[1]=1; fi

if [ "$preset" = dev ] && [ -z "$filter" ]; then
  "$repo/tests/consumer/run.sh" "$build" | tee "$work/consumer" || true
  counts[0]=$((counts[0] + $(grep -c '^passed ' "$work/consumer" || true)))
  counts[1]=$((counts[1] + $(grep -c '^FAILED ' "$work/consumer" || true)))
  # It says something of each of its parts, or it broke down.
  if [ "$(grep -cE '^(passed|FAILED) ' "$work/consumer")" != 4 ]; then counts[1]=$((counts[1] + 1)); fi
fi
# Those of a run that was killed are not among them.
echo "${counts[3]} assertions"
echo "${counts[0]} passed, ${counts[1]} failed, ${counts[2]} skipped"
[ "${counts[1]}" = 0 ]
