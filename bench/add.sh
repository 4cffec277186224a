#!/usr/bin/env bash
# Measures add() at each level of durability beside a bare loop of prepared INSERTs into SQLite in memory: 200,000 files,
# one thread, the destination away, commit() included; in interleaved repetitions. Prints medians and ratios, and writes
# every repetition to build/bench/add.json.
#
#   bench/add.sh [--repetitions N] [--no-install]
#
#   --repetitions N   of each (default 9)
#   --no-install      leave the packages alone
#
#   bench/add.sh --repetitions 5
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

repetitions=9 install=yes
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --repetitions) repetitions=${2:?--repetitions needs a number}; shift 2 ;;
    --no-install) install=""; shift ;;
    *) die "unknown option $1; see --help" 2 ;;
  esac
done
[[ $repetitions =~ ^[1-9][0-9]*$ ]] || die "--repetitions needs a number from 1 up, not '$repetitions'" 2
build_bench forebay_bench "$install"
"$bench_build/forebay_bench" --benchmark_repetitions="$repetitions" --benchmark_enable_random_interleaving=true \
  --benchmark_out="$repo/build/bench/add.json" --benchmark_out_format=json >/dev/null
"$repo/bench/add.py" "$repo/build/bench/add.json"
