#!/usr/bin/env bash
# Buffers ten million rows while the server is away, brings it back, and waits until all have landed: how fast both went,
# and how much memory the process had at most. Ends with 4 when that was more than MEMORY_DB_MAX_MB + 100 MiB, or when a
# row is missing. Writes its figures to build/bench/backlog.json. Takes some 6 GiB of disk.
#
#   bench/backlog.sh [--rows N] [--memory-mb N] [--no-install]
#
#   --rows N        (default 10000000)
#   --memory-mb N   MEMORY_DB_MAX_MB (default 64: rows in memory are also bounded by MEMORY_DB_MAX_FILES, 100000)
#   --no-install    leave the packages alone
#
#   bench/backlog.sh --rows 1000000
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

rows=10000000 memory_mb=64 install=yes
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --rows | --memory-mb)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "$1 needs a number from 1 up, not '${2:-}'" 2
      name=${1#--}
      printf -v "${name//-/_}" %s "$2"
      shift 2
      ;;
    --no-install) install=""; shift ;;
    *) die "unknown option $1; see --help" 2 ;;
  esac
done
build_bench forebay_feed "$install"
"$repo/scripts/with-postgres.sh" "$repo/bench/backlog.py" "$bench_build/forebay_feed" --rows "$rows" \
  --memory-mb "$memory_mb" --json "$repo/build/bench/backlog.json"
