#!/usr/bin/env bash
# Measures how long add() takes while the server is healthy, stopped (SIGSTOP: it answers nothing and hangs up on nobody)
# and gone, in turn, in one run; and, beyond the limit of memory, while rows are evicted to disk. Each second brings a burst
# of rows as fast as one thread can add them; group commits, sealing and sending go on as ever. Prints the distribution,
# and the two ratios to the healthy server of the same round; writes all rounds to build/bench/zero_blocking.json.
#
#   bench/zero_blocking.sh [--rounds N] [--seconds N] [--rows N] [--durability LEVEL] [--no-install]
#
#   --rounds N           of each condition (default 3)
#   --seconds N          that each condition lasts (default 30)
#   --rows N             of one burst (default 100000)
#   --durability LEVEL   memory, process or power (default process)
#   --no-install         leave the packages alone
#
# Goal: p99.99 within twice that of the healthy server, and at least 0.95 of its rate. Ends with 1 when it is missed.
#
#   bench/zero_blocking.sh --rounds 1 --seconds 5
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

rounds=3 seconds=30 rows=100000 durability=process install=yes
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --rounds | --seconds | --rows)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "$1 needs a number from 1 up, not '${2:-}'" 2
      printf -v "${1#--}" %s "$2"
      shift 2
      ;;
    --durability)
      [[ ${2:-} =~ ^(memory|process|power)$ ]] || die "--durability needs memory, process or power, not '${2:-}'" 2
      durability=$2
      shift 2
      ;;
    --no-install) install=""; shift ;;
    *) die "unknown option $1; see --help" 2 ;;
  esac
done
build_bench forebay_feed "$install"
"$repo/scripts/with-postgres.sh" "$repo/bench/zero_blocking.py" "$bench_build/forebay_feed" --rounds "$rounds" \
  --seconds "$seconds" --rows "$rows" --durability "$durability" --json "$repo/build/bench/zero_blocking.json"
