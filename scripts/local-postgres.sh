#!/usr/bin/env bash
# The private PostgreSQL of this checkout: kept between runs under .local/, on a Unix socket only, as user postgres when
# root calls. scripts/quickstart.sh uses it.
#
#   scripts/local-postgres.sh start      makes it if need be, starts it unless it runs, prints its DATABASE_URL
#   scripts/local-postgres.sh status     says whether it runs and where it is; status 3 if it does not
#   scripts/local-postgres.sh url        prints its DATABASE_URL, running or not
#   scripts/local-postgres.sh stop       stops it; the data stays
#   scripts/local-postgres.sh remove     stops it and deletes it with all its data
#
#   psql "$(scripts/local-postgres.sh start)"
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

link=$repo/.local/postgres

# Sets folder: .local/postgres itself where that works. It does not where the server's user cannot get there (a checkout
# under /root), where the socket's path would pass its 107 bytes, or where a character would need quoting in the server's
# settings; then it is a folder in /var/tmp, and .local/postgres a link to it.
choose_folder() {
  folder=$link
  if [ -d "$link" ] && [ ! -L "$link" ]; then return; fi
  local plain=yes
  [[ $link =~ ^[A-Za-z0-9/_.-]{1,85}$ ]] || plain=no
  if [ "$plain" = yes ] && [ "$EUID" = 0 ]; then
    runuser -u "$(pg_server_user)" -- test -x "$repo" || plain=no
  fi
  [ "$plain" = no ] || [ -L "$link" ] || return 0
  folder=/var/tmp/forebay-$EUID-$(printf '%s' "$repo" | sha256sum | cut -c1-12)
}

make_folder() {
  local user
  user=$(pg_server_user)
  if [ ! -d "$repo/.local" ]; then mkdir -m 0755 "$repo/.local"; fi
  if [ "$folder" != "$link" ]; then
    # /var/tmp is everyone's: a folder that someone else put there under this name is not to be used.
    if [ -e "$folder" ] || [ -L "$folder" ]; then
      { [ ! -L "$folder" ] && [ "$(stat -c '%U %a' "$folder")" = "$user 700" ]; } ||
        die "$folder is in the way: it should be a folder of user $user with mode 0700; remove it and run this again"
    fi
    ln -sfn "$folder" "$link"
  fi
  if [ ! -d "$folder" ]; then
    mkdir -m 0700 "$folder"
    chown "$user": "$folder"
  fi
}

check_owner() {
  local owner
  owner=$(stat -c %U "$folder")
  [ "$EUID" = 0 ] || [ "$owner" = "$(id -un)" ] ||
    die "the private server in $folder belongs to user $owner; call this as $owner or as root, or remove $link to get one of your own"
}

start() {
  make_folder
  check_owner
  # Two first starts at once would make one cluster twice. The server must not inherit the lock: see 8>&-.
  exec 8>"$repo/.local/postgres.lock"
  flock 8
  if [ ! -e "$folder/ready" ]; then
    rm -rf "$folder/data"  # left half made by an interrupted first start
    say "Making a private PostgreSQL in $folder"
    pg_init "$folder"
  fi
  if ! pg_running "$folder"; then pg_start "$folder" 8>&-; fi
  if [ ! -e "$folder/ready" ]; then
    "$psql" -qX -h "$folder" -p 5432 -U postgres -d postgres -c 'create database forebay'
    as_pg_owner "$folder" touch "$folder/ready"
  fi
  pg_url "$folder" forebay
  echo
}

[ $# = 1 ] || die "one of start, status, url, stop, remove (see --help)" 2
case $1 in -h | --help) print_help; exit 0 ;; esac
find_pg_bin ""
choose_folder
# A cluster is started by the version that made it, also when a newer one has come.
if made_by=$(cat "$folder/data/PG_VERSION" 2>/dev/null) && [ -x "/usr/lib/postgresql/$made_by/bin/pg_ctl" ]; then
  pg_bin=/usr/lib/postgresql/$made_by/bin
fi
unset PGSERVICE PGHOSTADDR PGOPTIONS PGPASSWORD PGSSLMODE PGCONNECT_TIMEOUT
case $1 in
  start) start ;;
  url) pg_url "$folder" forebay; echo ;;
  status)
    if [ -d "$folder/data" ] && check_owner && pg_running "$folder"; then
      say "The private PostgreSQL in $folder runs: $(pg_url "$folder" forebay)"
    else
      say "The private PostgreSQL in $folder does not run; start it with scripts/local-postgres.sh start"
      exit 3
    fi
    ;;
  stop | remove)
    if [ -d "$folder/data" ]; then
      check_owner
      pg_stop "$folder" fast || die "the private PostgreSQL in $folder did not stop within 30 s; see $folder/server.log"
      say "The private PostgreSQL in $folder is stopped."
    else
      say "There is no private PostgreSQL in $folder."
    fi
    if [ "$1" = remove ]; then
      rm -rf "$folder"
      [ ! -L "$link" ] || rm -f "$link"
      say "It is removed."
    fi
    ;;
  *) die "unknown command '$1'; one of start, status, url, stop, remove (see --help)" 2 ;;
esac
