#!/usr/bin/env bash
# Makes test data: what a release of forebay leaves on disk and in a server, small, by its own command and SIGKILL.
#
#   scripts/make-test-data.sh COMMAND FOLDER
#
#   COMMAND   the forebay of that release
#   FOLDER    where to put it: tests/data/VERSION, which must not exist yet (its README.md says what is in it)
#
# Needs root, for a host name, ids of machine and boot, and a /mnt of its own (unshare), so that no name or path of this machine is in
# the data. Its clock stands at the first of January 2026, so that the data is in the past wherever it is used.
#
#   scripts/make-test-data.sh /tmp/forebay-0.1.0/build/release/forebay tests/data/0.1.0
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# At most 30 s for a condition, which a command tests.
wait_until() {
  local deadline=$((SECONDS + 30))
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || die "this did not come true within 30 s: $*"
    sleep 0.05
  done
}

# status_is STATE_DIRECTORY CONDITION: a Python expression about the one buffer `b` there.
status_is() {
  FOREBAY_STATE_DIR=$1 "$forebay" status --json |
    python3 -c 'import json, sys; b, = json.load(sys.stdin)["buffers"]; sys.exit(not eval(sys.argv[1]))' "$2"
}

make_tree() {
  mkdir -p /mnt/tree/folder
  printf 'one' >/mnt/tree/a.txt
  printf 'three' >"/mnt/tree/folder/with a blank"
  printf 'bytes' >$'/mnt/tree/folder/not UTF-8 \xff'
  printf 'Chinese' >/mnt/tree/中文.txt
  ln -s a.txt /mnt/tree/link
  # Refused by the catalog of quarantine/.
  printf 'x' >/mnt/tree/bad-1
  printf 'y' >/mnt/tree/folder/bad-2
  find /mnt/tree -exec touch -h -d '2026-01-01 12:00:00 UTC' {} +
  entries=$(find /mnt/tree -printf x | wc -c)
}

# killed LEVEL [COMMAND…]: a scan at that level, whose destination is away, killed after the command.
killed() {
  local level=$1 state=/mnt/$1 scan
  shift
  export FOREBAY_STATE_DIR=$state
  DATABASE_URL=postgresql://backup@127.0.0.1:1/files MEMORY_DB_DURABILITY=$level SYNC_DRAIN_TIMEOUT=600 \
    "$forebay" scan --quiet --set kept /mnt/tree 2>/dev/null &
  scan=$!
  disown
  wait_until status_is "$state" "b['accepted'] == $entries"
  sleep 1 # a group commit takes 50 ms
  "$@"
  kill -KILL "$scan"
  wait_until test ! -e "/proc/$scan"
  status_is "$state" "b['state'] == 'orphaned' and b['pending'] == $entries" || die "rows are missing in $state"
}

make_quarantine() {
  export FOREBAY_STATE_DIR=/mnt/quarantine DATABASE_URL=sqlite:/mnt/quarantine/catalog.db
  mkdir -m 700 /mnt/quarantine
  "$forebay" --log-level warning migrate up >/dev/null
  python3 - /mnt/quarantine/catalog.db <<'SQL'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("CREATE TRIGGER no_bad_names BEFORE INSERT ON backup_files WHEN new.file_name LIKE 'bad%' "
           "BEGIN SELECT RAISE(ABORT, 'bad name'); END")
db.commit()
SQL
  local status=0
  "$forebay" scan --quiet --set kept /mnt/tree 2>/dev/null || status=$?
  [ $status = 1 ] || die "the scan into a catalog that refuses rows ended with $status, not 1"
}

# scanned_twice DESTINATION: two sets, one of them scanned again after a change.
scanned_twice() {
  export FOREBAY_STATE_DIR=/mnt/other DATABASE_URL=$1
  "$forebay" scan --quiet --set kept /mnt/tree
  "$forebay" scan --quiet --set folder /mnt/tree/folder
  "$forebay" scan --quiet --set kept /mnt/tree
}

# Within a host name, a machine id, a boot id, a /mnt and a clock of its own.
prepare() {
  hostname maker
  printf '0123456789abcdef0123456789abcdef\n' >/mnt/machine-id
  printf '01234567-89ab-4cde-8f01-23456789abcd\n' >/mnt/boot-id
  mount --bind /mnt/boot-id /proc/sys/kernel/random/boot_id
  [ ! -e /etc/machine-id ] || mount --bind /mnt/machine-id /etc/machine-id
  g++ -shared -fPIC -O1 "$repo/tests/fake_clock/fake_clock.cpp" -o /mnt/fake_clock.so
  python3 -c 'import struct, sys, time; sys.stdout.buffer.write(struct.pack("q", 1767268800 - int(time.time())))' >/mnt/ahead
  export LD_PRELOAD=/mnt/fake_clock.so TEST_WALL_CLOCK=/mnt/ahead TZ=UTC HOME=/mnt
  cd /mnt
}

make() {
  local server=$DATABASE_URL
  make_tree
  killed process "$forebay" checkpoint create
  killed power true
  killed memory "$forebay" checkpoint create
  make_quarantine
  scanned_twice sqlite:/mnt/catalog.db
  scanned_twice "$server"
  pg_dump --inserts --no-owner --no-privileges --no-comments "$server" | grep -v '^[\]' >/mnt/postgres.sql
  find /mnt/process /mnt/power /mnt/memory /mnt/quarantine -type s -delete
  tar -C /mnt -cf /mnt/out/data.tar process power memory quarantine catalog.db postgres.sql
}

self=$repo/scripts/make-test-data.sh
case ${1:-} in
  -h | --help) print_help; exit 0 ;;
  --inside)
    mount -t tmpfs none /mnt
    mkdir /mnt/out
    mount --bind "$3" /mnt/out
    prepare
    exec "$repo/scripts/with-postgres.sh" --no-fsync "$self" --make "$2"
    ;;
  --make)
    forebay=$2
    make
    exit 0
    ;;
esac
[ $# = 2 ] || die "give the forebay of a release and a folder (see --help)" 2
[ -x "$1" ] || die "COMMAND needs a program, not '$1'" 2
[ ! -e "$2" ] || die "$2 is there already; the test data of a release is made once" 2
[ "$EUID" = 0 ] || die "run this as root: a host name and a /mnt of its own need that"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unshare --mount --uts --propagation private "$self" --inside "$(realpath "$1")" "$work"
mkdir -p "$2"
tar -C "$2" --no-same-owner -xf "$work/data.tar"
chmod -R u=rwX,go=rX "$2" # as a checkout has it
say "made $2 by $("$1" --version)"
