#!/usr/bin/env bash
# Brings rows to PostgreSQL of which the table refuses one in 1,000, each run beside one without such rows, by the direct way
# (COPY into the table) and by the staging way, and compares the medians. Ends with 4 when rows are missing or a goal is
# missed: 0.45 of the clean speed by the direct way, 0.9 by the staging way. Writes build/bench/refused_rows.json.
#
#   bench/refused_rows.sh [--rows N] [--pairs N] [--json] [--no-install]
#
#   --rows N       (default 1000000)
#   --pairs N      of a clean run and one with refused rows, for each way (default 5)
#   --json         print the figures as JSON instead of a table
#   --no-install   leave the packages alone
#
#   bench/refused_rows.sh --rows 200000 --pairs 3
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

rows=1000000 pairs=5 print="" install=yes
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --rows | --pairs)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "$1 needs a number from 1 up, not '${2:-}'" 2
      if [ "$1" = --rows ]; then rows=$2; else pairs=$2; fi
      shift 2
      ;;
    --json) print=--print-json; shift ;;
    --no-install) install=""; shift ;;
    *) die "unknown option $1; see --help" 2 ;;
  esac
done
build_bench forebay_refused_rows "$install"
# shellcheck disable=SC2086  # $print is an option or nothing
"$repo/scripts/with-postgres.sh" "$repo/bench/refused_rows.py" "$bench_build/forebay_refused_rows" --rows "$rows" \
  --pairs "$pairs" --json "$repo/build/bench/refused_rows.json" $print
