#!/usr/bin/env bash
# From a fresh clone on a bare Debian 12 to a tree of yours in PostgreSQL: installs the packages, builds the release,
# scans DIR with live progress, and says what landed and how to look at it. May be run again: that is quick.
#
#   scripts/quickstart.sh [--no-install] DIR
#
#   --no-install    leave the packages alone
#
# The server is the one that DATABASE_URL names (in the environment or in ./.env); without it a private PostgreSQL of
# this checkout, kept under .local/ and reachable only through a Unix socket (scripts/local-postgres.sh).
# Ends with the status of `forebay scan`: 0 all landed, 1 some paths could not be read or rows are in quarantine, 3 rows
# wait in the buffer, 4 a local failure, or rows that had landed are gone (docs/operations.md).
#
#   scripts/quickstart.sh /usr
#   DATABASE_URL=postgresql://me@db.example/files scripts/quickstart.sh /home
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

install=yes directory=""
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --no-install) install=""; shift ;;
    --) shift; directory=${1:-}; break ;;
    -*) die "unknown option $1; see --help" 2 ;;
    *)
      [ -z "$directory" ] || die "one DIR, please; this is one too many: $1 (quote a path with spaces)" 2
      directory=$1
      shift
      ;;
  esac
done
# Before anything is installed or built: minutes later would be unkind.
[ -n "$directory" ] || die "which directory? For example: scripts/quickstart.sh /usr" 2
[ -e "$directory" ] || die "$directory does not exist" 2
[ -d "$directory" ] || die "$directory is not a directory; give the folder it is in" 2
if ! directory=$(cd -- "$directory" 2>/dev/null && pwd -P) || [ ! -r "$directory" ]; then
  die "$directory is not readable for $(id -un); choose another, or run this as a user who may read it" 2
fi

# A destination of the user's own wins. forebay itself reads ./.env, so it is enough to know that one is named there.
own=""
if [ -n "${DATABASE_URL:-}" ]; then
  own=environment
elif grep -qsE '^[[:space:]]*(export[[:space:]]+)?DATABASE_URL[[:space:]]*=[[:space:]]*[^[:space:]]' .env; then
  own=.env
fi

say "== 1/4 packages"
if [ -n "$install" ]; then
  sets=(build)
  [ -n "$own" ] || sets+=(run)
  "$repo/scripts/install-packages.sh" "${sets[@]}"
fi

say "== 2/4 build (build/release)"
log=$repo/build/quickstart-configure.log
mkdir -p "$repo/build"
if ! (cd "$repo" && cmake --preset release) >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  die "CMake could not configure; the lines above say why (all of it: $log)"
fi
(cd "$repo" && cmake --build --preset release -j "$(nproc)") >&2 || die "the build failed; the lines above say where"
forebay=$repo/build/release/forebay

if [ -n "$own" ]; then
  say "== 3/4 PostgreSQL: yours (DATABASE_URL of ${own/environment/the environment})"
else
  say "== 3/4 PostgreSQL: private"
  DATABASE_URL=$("$repo/scripts/local-postgres.sh" start)
  export DATABASE_URL
  # These would win over what the URL says, or change what it means.
  unset PGHOSTADDR PGSERVICE PGOPTIONS PGSSLMODE
  # Try it out without leaving anything outside the checkout; but state is not kept on a network.
  case $(stat -f -c %T "$repo/.local") in
    nfs* | cifs | smb* | afs | ceph) ;;
    *) export FOREBAY_STATE_DIR=${FOREBAY_STATE_DIR-$repo/.local/state} ;;
  esac
  say "$DATABASE_URL"
fi

say "== 4/4 forebay scan $directory"
summary=$(mktemp)
trap 'rm -f "$summary"' EXIT
status=0
# One set for one directory: a second run brings it up to date instead of adding a second copy. Without the log's lines
# the progress stays readable.
"$forebay" --log-level warning scan --json --set "quickstart $directory" "$directory" >"$summary" || status=$?

# The summary is one flat object with one inner one, of numbers but for two names: no need for a JSON reader.
number() { { grep -oE "\"$1\": ?-?[0-9.]+" "$summary" || echo 0; } | head -n 1 | grep -oE -- '-?[0-9.]+$'; }
whole() { printf "%'d" "$(number "$1" | cut -d. -f1)"; }
bytes() { numfmt --to=iec-i --suffix=B --format='%.1f' "$(number "$1")"; }
if ! grep -q '"scanned"' "$summary"; then
  cat "$summary" >&2
  exit "$status"  # forebay has said why
fi

set_id=$(number backup_set_id)
# Lines to paste, wherever the reader is.
here=""
[ "$PWD" = "$repo" ] || printf -v here '%q/' "$repo"
if [ -n "$own" ]; then psql_url="\"\$DATABASE_URL\""; else psql_url="'$DATABASE_URL'"; fi
if [ "$own" = .env ]; then psql_url="\"\$(sed -n 's/^ *DATABASE_URL *= *//p' .env)\""; fi
cat <<END

What landed
  $(whole synced) of $(whole scanned) entries, $(bytes total_bytes), in $(printf '%.2f' "$(number elapsed_seconds)") s: $(whole entries_per_second) files/s
  batches:$(for reason in batch_size_reached interval_reached memory_limit_reached force_sync end recover retry; do
    count=$(number "$reason")
    [ "$count" = 0 ] || printf ' %s %s,' "$count" "$reason"
  done | sed 's/,$//')
  superseded $(whole superseded), waiting in the buffer $(whole pending), quarantined $(whole quarantined), unreadable $(whole unreadable)

Look at it
  psql $psql_url -c "select file_type, count(*), pg_size_pretty(sum(file_size)) from backup_files where backup_set_id = $set_id group by 1 order by 2 desc"
  psql $psql_url -c "select pg_size_pretty(file_size), file_path from backup_files where backup_set_id = $set_id order by file_size desc limit 10"
  psql $psql_url -c "select reason, count(*) from sync_batches group by 1"

Go on
  a server of your own   DATABASE_URL=postgresql://USER@HOST/DATABASE ${here}scripts/quickstart.sh DIR
                         or keep it in a .env: ${here}build/release/forebay config init
  more of the command    ${here}build/release/forebay --help
END
if [ -z "$own" ]; then
  state=${FOREBAY_STATE_DIR:+" FOREBAY_STATE_DIR='$FOREBAY_STATE_DIR'"}
  cat <<END
  the same server        export DATABASE_URL='$DATABASE_URL'$state
  stop the server        ${here}scripts/local-postgres.sh stop      (remove deletes it with its data)
END
fi
[ "$status" != 3 ] || say "Rows wait in the buffer: forebay's message above says how many and how to send them."
exit "$status"
