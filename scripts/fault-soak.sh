#!/usr/bin/env bash
# Lets faults of network, server and table happen in pairs, again and again, while producers add rows, and judges what is
# left. Ends with 1 if the oracle had anything to report.
#
#   scripts/fault-soak.sh [--rounds N] [--seed S] [--no-install]
#
#   --rounds N     some five seconds each (default 200)
#   --seed S       of the first round, the next ones count up; drawn and printed when not given. A round that failed is
#                  run again with --rounds 1 and its own seed
#   --no-install   leave the packages alone
#
# What a round is: docs/faults.md.
#
#   scripts/fault-soak.sh --rounds 50
#   nice scripts/fault-soak.sh --rounds 10000
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

rounds=200 seed="" install=yes
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --rounds | --seed)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "$1 needs a number from 1 up, not '${2:-}'" 2
      printf -v "${1#--}" %s "$2"
      shift 2
      ;;
    --no-install) install=""; shift ;;
    *) die "unknown option $1; see --help" 2 ;;
  esac
done

[ -z "$install" ] || "$repo/scripts/install-packages.sh" test
use_ccache
{ cd "$repo" && cmake --preset dev && cmake --build --preset dev -j "$(nproc)" --target forebay_tests; } >&2 ||
  die "the build failed; the lines above say where"
find_pg_bin ""
export THROWAWAY_PG_BIN=$pg_bin SOAK_ROUNDS=$rounds SOAK_SEED=$seed

# None of the caller's settings, and no .env of the current folder.
while IFS= read -r name; do unset "$name"; done < <(compgen -e | grep -E '^(DATABASE_URL|USE_MEMORY_DB|(MEMORY_DB|SYNC|SCAN|FOREBAY)_.*)$')
cd /
status=0
"$repo/build/dev/tests/forebay_tests" "[.fault-soak]" || status=1
exit "$status"
