#!/usr/bin/env bash
# Tries on a server of yours what forebay says to an openGauss, and prints a report to read or to send back.
#
#   scripts/opengauss-check.sh URL [CLIENT]
#
#   URL     postgresql://user@host:port/database, of a database that may be tried on
#   CLIENT  psql (the default), or openGauss's gsql, where the password is one that stock libpq cannot send
#
# Runs docs/opengauss-statements.sql in a schema of its own, forebay_check, which it drops at the end; one of that name
# that is there already ends it. Then, where a build is at hand (FOREBAY, or build/*/forebay), forebay itself, in a
# schema forebay_check_run: detection, migrations, a scan that is new, and one that meets every row again.
#
# Ends with 0 when every check is ok; one of the three forms of upsert has to be. A server's refusal of the others is in
# the report and no fault.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
  -h | --help) print_help; exit 0 ;;
  "" | -*) die "name the server: scripts/opengauss-check.sh postgresql://user@host:5432/database (see --help)" 2 ;;
esac
url=$1 client=${2:-psql}
command -v "$client" >/dev/null || die "there is no $client here; install it, or name another: see --help" 2

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
sql() { "$client" -X -v ON_ERROR_STOP=1 -At -c "$1" "$url"; }
case $client in *gsql) sql() { "$client" -v ON_ERROR_STOP=1 -At -d "$url" -c "$1"; } ;; esac

there=$(sql "SELECT count(*) FROM pg_namespace WHERE nspname IN ('forebay_check', 'forebay_check_run')") ||
  die "the server did not let $client in; with stock libpq and openGauss's passwords see docs/opengauss.md"
[ "$there" = 0 ] || die "schema forebay_check or forebay_check_run is there already: DROP SCHEMA … CASCADE, if nobody needs it"

echo "# forebay's check of a server, $(date -u +%Y-%m-%dT%H:%M:%SZ), $("$client" --version | head -1)"
statements=$repo/docs/opengauss-statements.sql
case $client in
  *gsql) "$client" -a -d "$url" -f "$statements" ;;
  *) "$client" -X -a "$url" -f "$statements" ;;
esac >"$scratch/report" 2>&1 || true
cat "$scratch/report"

failed=0
fail() { echo "FAILED  $1"; failed=1; }
echo
echo "# summary"
grep -E '^ *ok      ' "$scratch/report" || fail "no check came to an end"
# An upsert form that the server refuses fails its own checks; those count only where no form is whole.
if grep -E '^ *FAILED  ' "$scratch/report" | grep -qv 'FAILED  upsert_'; then
  grep -E '^ *FAILED  ' "$scratch/report" | grep -v 'FAILED  upsert_'
  failed=1
fi
whole=""
for form in 0 1 2; do
  if [ "$(grep -cE "^ *ok      upsert_$form:" "$scratch/report")" = 5 ]; then whole+=" $form"; fi
done
if [ -n "$whole" ]; then echo "ok      upserts that are whole:$whole"; else fail "no form of upsert does what it should"; fi

forebay=${FOREBAY:-$(find "$repo/build" -maxdepth 2 -name forebay -type f -perm -u+x 2>/dev/null | head -1)}
if [ -n "$forebay" ]; then
  case $url in *\?*) own=$url\& ;; *) own=$url\? ;; esac
  own=${own}options=-csearch_path%3Dforebay_check_run
  export FOREBAY_STATE_DIR=$scratch/state
  sql "CREATE SCHEMA forebay_check_run" >/dev/null
  mkdir "$scratch/tree"
  for i in $(seq 300); do echo "$i" >"$scratch/tree/file $i"; done
  echo "# forebay itself"
  for way in "${own/#postgres*:\/\//opengauss://}" "$own"; do  # spoken to as openGauss; then as what it is found to be
    scheme=${way%%://*}
    for round in first again; do
      if (cd "$scratch" && "$forebay" scan --set check --to "$way" tree) >"$scratch/scan" 2>&1; then
        echo "ok      forebay scan by $scheme://, $round"
      else
        fail "forebay scan by $scheme://, $round:"
      fi
      grep -vE '\b(adopted|migration)\b' "$scratch/scan" | sed 's/^/          /'
    done
  done
  rows=$(sql "SELECT count(*) FROM forebay_check_run.backup_files") || rows=none
  if [ "$rows" = 301 ]; then echo "ok      301 rows are there"; else fail "there are $rows rows and should be 301"; fi
  sql "DROP SCHEMA forebay_check_run CASCADE" >/dev/null 2>&1 || fail "schema forebay_check_run could not be dropped"
else
  echo "(no build of forebay at hand: only the statements were tried)"
fi
[ "$failed" = 0 ] && echo "all ok" || echo "not all ok"
exit "$failed"
