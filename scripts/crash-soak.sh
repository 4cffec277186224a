#!/usr/bin/env bash
# Kills forebay again and again, and judges what is left. Ends with 1 if the oracle had anything to report.
#
#   scripts/crash-soak.sh [--runs N] [--level memory|process|power] [--destination postgres|sqlite] [--seed S]
#                         [--jobs N] [--folder DIR] [--json]
#   scripts/crash-soak.sh --usr
#
#   --runs N         rounds; each kills one process or more (default 1000)
#   --level L        durability level of the producers (default process)
#   --destination D  a throwaway PostgreSQL, or a SQLite catalog (default postgres)
#   --seed S         of the first round, the next ones count up; drawn and printed when not given. A round that failed is
#                    run again with --runs 1 and its own seed
#   --jobs N         rounds at once (default 1)
#   --folder DIR     where state and logs lie meanwhile (default /dev/shm if it is there: the kills need no disk)
#   --json           one JSON object instead of the table
#   --usr            instead: kill a scan of /usr half-way, recover, compare, scan again
#
# What a round is, and what the table says: docs/crash-testing.md.
#
#   scripts/crash-soak.sh --runs 2000 --level power --destination sqlite
#   nice scripts/crash-soak.sh --runs 100000 --jobs 4
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

runs=1000 level=process destination=postgres folder="" usr="" extra=()
if [ -d /dev/shm ] && [ -w /dev/shm ]; then folder=/dev/shm; fi
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --runs) needs "$1" "${2:-}" "a number"; runs=$2; shift 2 ;;
    --level) needs "$1" "${2:-}" "memory, process or power"; level=$2; shift 2 ;;
    --destination) needs "$1" "${2:-}" "postgres or sqlite"; destination=$2; shift 2 ;;
    --folder) needs "$1" "${2:-}" "a directory"; folder=$2; shift 2 ;;
    --seed | --jobs) needs "$1" "${2:-}" "a number"; extra+=("$1" "$2"); shift 2 ;;
    --json) extra+=(--json); shift ;;
    --usr) usr=yes; shift ;;
    *) die "unknown option $1; see --help" 2 ;;
  esac
done
[[ $runs =~ ^[1-9][0-9]*$ ]] || die "--runs needs a number, as in --runs 1000" 2
[[ $level =~ ^(memory|process|power)$ ]] || die "--level needs memory, process or power" 2
[[ $destination =~ ^(postgres|sqlite)$ ]] || die "--destination needs postgres or sqlite" 2

"$repo/scripts/install-packages.sh" test
use_ccache
target=forebay_crash
[ -z "$usr" ] || target=forebay_tests
{ cd "$repo" && cmake --preset dev && cmake --build --preset dev -j "$(nproc)" --target "$target"; } >&2 ||
  die "the build failed; the lines above say where"

# None of the caller's settings, and no .env of the current folder.
while IFS= read -r name; do unset "$name"; done < <(compgen -e | grep -E '^(DATABASE_URL|USE_MEMORY_DB|(MEMORY_DB|SYNC|SCAN|FOREBAY)_.*)$')
cd /
if [ -n "$usr" ]; then exec "$repo/build/dev/tests/forebay_tests" "[.usr]"; fi
command=("$repo/build/dev/tests/forebay_crash" soak --runs "$runs" --level "$level" --destination "$destination")
[ -z "$folder" ] || command+=(--folder "$folder")
command+=(${extra[@]+"${extra[@]}"})
[ "$destination" = sqlite ] || command=("$repo/scripts/with-postgres.sh" --no-fsync "${command[@]}")
exec "${command[@]}"
