#!/usr/bin/env bash
# Scans a tree, takes the server away as soon as some rows have landed, brings it back after two minutes, and waits for the
# scan's end: once with the server stopped (nobody answers), once frozen (SIGSTOP: connections stand, and nothing comes).
# Says what landed, and how soon after. Ends with 4 when a row is missing. Writes build/bench/outage.json.
#
#   bench/outage.sh [--tree DIR] [--seconds N] [--no-install]
#
#   --tree DIR     (default /usr)
#   --seconds N    that the server is away (default 120)
#   --no-install   leave the packages alone
#
#   bench/outage.sh --seconds 20
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

tree=/usr seconds=120 install=yes
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --tree) needs "$1" "${2:-}" "a folder"; tree=$2; shift 2 ;;
    --seconds)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "--seconds needs a number from 1 up, not '${2:-}'" 2
      seconds=$2
      shift 2
      ;;
    --no-install) install=""; shift ;;
    *) die "unknown option $1; see --help" 2 ;;
  esac
done
[ -d "$tree" ] || die "there is no folder $tree" 2
build_bench forebay_command "$install"
"$repo/scripts/with-postgres.sh" "$repo/bench/outage.py" "$bench_build/../forebay" --tree "$tree" --seconds "$seconds" \
  --json "$repo/build/bench/outage.json"
