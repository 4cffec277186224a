#!/usr/bin/env bash
# Runs a command with a throwaway PostgreSQL, and ends with the command's exit status (128 + N if signal N killed it).
#
#   scripts/with-postgres.sh [--no-fsync] [-c NAME=VALUE]… [--bin DIR] COMMAND [ARGUMENT…]
#
#   --no-fsync       the server does not flush, and keeps its files in memory if there is plenty: tests are quicker, figures
#                    would be wrong
#   -c NAME=VALUE    a setting of the server, as postgres -c takes it; repeatable
#   --bin DIR        the server's programs, instead of the newest of Debian's
#
# The server listens on a Unix socket in a private temporary folder, nowhere else; it is UTF8, locale C.UTF-8, with
# Debian's defaults, and runs as user postgres when root calls. It is stopped and its folder removed however the command
# ends. The command runs as the caller, with PGHOST, PGPORT, PGUSER, PGDATABASE and DATABASE_URL set to the empty
# database "forebay"; for tests that stop the server: THROWAWAY_PG_BIN (its programs) and THROWAWAY_PG_DATA (its folder).
#
#   scripts/with-postgres.sh psql -c 'select version()'
#   scripts/with-postgres.sh --no-fsync build/dev/tests/forebay_tests '[postgres]'
#   scripts/with-postgres.sh bash          a shell to look around in
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

settings=() within=/tmp bin=""
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --no-fsync) settings+=(fsync=off synchronous_commit=off full_page_writes=off) within=$(scratch_folder); shift ;;
    -c)
      [[ ${2:-} == *=* ]] || die "-c needs NAME=VALUE, as in -c max_connections=20" 2
      settings+=("$2")
      shift 2
      ;;
    --bin) needs "$1" "${2:-}" "a folder with initdb"; bin=$2; shift 2 ;;
    --) shift; break ;;
    -*) die "unknown option $1; see --help" 2 ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || die "no command; for example: scripts/with-postgres.sh psql -c 'select 1' (see --help)" 2
find_pg_bin "$bin"

folder="" child="" interrupted=""

remove_server() {
  trap '' INT TERM HUP
  [ -n "$folder" ] || return 0
  [ ! -d "$folder/data" ] || pg_stop "$folder" immediate
  rm -rf "$folder"
}
# Ctrl-C reaches the command by itself when we share the terminal's foreground group: forebay takes a second one as
# "stop now", so it must not get it twice.
terminal_sent_it() {
  local stat
  read -r stat </proc/$$/stat
  # After the last ')': state ppid pgrp session tty tpgid
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  [ "$3" = "$6" ]
}
on_signal() {
  interrupted=1
  if [ -z "$child" ]; then exit $((128 + $2)); fi
  if [ "$1" != INT ] || ! terminal_sent_it; then kill -s "$1" "$child" 2>/dev/null || true; fi
}
trap remove_server EXIT
trap 'on_signal HUP 1' HUP
trap 'on_signal INT 2' INT
trap 'on_signal TERM 15' TERM

# Whatever TMPDIR says: socket paths end at 107 bytes, and user postgres must be able to get there.
folder=$(mktemp -d "$within/forebay-pg.XXXXXX")
server_user=$(pg_server_user)
chown "$server_user": "$folder"
pg_init "$folder"
pg_start "$folder" ${settings[@]+"${settings[@]}"}
"$psql" -qX -h "$folder" -U postgres -d postgres -c 'create database forebay'
pg_env "$folder" forebay
export THROWAWAY_PG_BIN=$pg_bin THROWAWAY_PG_DATA=$folder/data

# In the background, so that a signal to this script is passed on at once; but with our stdin, and with SIGINT as it
# comes to a foreground command (bash has background ones ignore it).
env --default-signal=INT,QUIT -- "$@" <&0 &
child=$!
while :; do
  interrupted="" status=0
  wait "$child" || status=$?
  [ -n "$interrupted" ] || break
done
exit "$status"
