#!/usr/bin/env bash
# Tries on a server of yours what forebay says to an openGauss, and prints a report to read or to send back.
#
#   scripts/opengauss-check.sh URL [CLIENT]
#
#   URL     opengauss://user@host:port/database or postgresql://…, of a database that may be tried on
#   CLIENT  psql (the default), or openGauss's gsql, where the password is one that stock libpq cannot send
#
# Runs tests/sink/postgres/opengauss-statements.sql in a schema of its own, forebay_check; one of that name that is there
# already ends it. Then, where a build is at hand (FOREBAY, or build/*/forebay), forebay itself in a schema forebay_check_run:
# detection, migrations, a scan that is new, and one that meets every row again. Both schemas are dropped at the end,
# and when it is interrupted.
#
# Ends with 0 when every check that the statements expect was answered, as they expect, and nothing else failed. What a
# server may refuse (all forms of upsert but one; partitions) is in the report and no fault.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The URL may hold a password: it is never shown.
case ${1:-} in
  -h | --help) print_help; exit 0 ;;
  opengauss://*) url=postgresql://${1#opengauss://} ;;
  postgresql://*) url=$1 ;;
  postgres://*) url=postgresql://${1#postgres://} ;;
  *) die "name the server: scripts/opengauss-check.sh opengauss://user@host:5432/database (see --help)" 2 ;;
esac
given=${1%%://*} client=${2:-psql}
command -v "$client" >/dev/null || die "there is no $client here; install it, or name another: see --help" 2
statements=$repo/tests/sink/postgres/opengauss-statements.sql
[ -r "$statements" ] || die "$statements is not there; this needs a whole checkout"

scratch=$(mktemp -d)
running="" made=""
sql() { run "$client" -X -v ON_ERROR_STOP=1 -At -c "$1" "$url"; }
case $client in *gsql) sql() { run "$client" -v ON_ERROR_STOP=1 -At -d "$url" -c "$1"; } ;; esac

# Drops what this made, also where it was interrupted or the statements did not come to their end.
clean_up() {
  local schema
  trap '' INT TERM HUP
  if [ -n "$running" ]; then
    # psql takes the first to have its statement given up, which may hold locks on what is to be dropped.
    kill -INT "$running" 2>/dev/null || true
    sleep 0.5
    kill "$running" 2>/dev/null || true
    wait "$running" 2>/dev/null || true
  fi
  for schema in $made; do
    sql "DROP SCHEMA IF EXISTS $schema CASCADE" >/dev/null 2>&1 || say "schema $schema could not be dropped"
  done
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'say "interrupted: what was made is dropped"; exit 130' INT
trap 'exit 143' TERM HUP

# In the background: a client that sees the Ctrl-C itself would give up one statement and go on with the next, and bash
# forgets one that comes while a command of the foreground ends well.
run() {
  "$@" </dev/null &
  running=$!
  local status=0
  wait "$running" || status=$?
  running=""
  return "$status"
}

if ! there=$(sql "SELECT count(*) FROM pg_namespace WHERE nspname IN ('forebay_check', 'forebay_check_run')" \
  2>"$scratch/refused"); then
  cat "$scratch/refused" >&2
  if grep -qiE 'SASL|AUTH_REQ|authentication|password' "$scratch/refused"; then
    die "the server did not let $client in; of openGauss's passwords and stock libpq see docs/opengauss.md"
  fi
  die "$client could not connect; the lines above say why"
fi
[ "$there" = 0 ] || die "schema forebay_check or forebay_check_run is there already: DROP SCHEMA … CASCADE, if nobody needs it"
if ! sql "CREATE SCHEMA forebay_check; DROP SCHEMA forebay_check" >/dev/null 2>"$scratch/refused"; then
  cat "$scratch/refused" >&2
  die "the role may not try anything here; as the database's owner: GRANT CREATE ON DATABASE … TO the role, or name another"
fi

failed=0 untried=""
fail() { echo "FAILED  $1"; failed=1; }
# Without a build there is nothing to find, and find may say so.
forebay=${FOREBAY:-$(find "$repo/build" -maxdepth 2 -name forebay -type f -perm -u+x 2>/dev/null | head -1 || true)}
echo "# forebay's check of a server, $(date -u +%Y-%m-%dT%H:%M:%SZ)"
echo "# checkout: $(git -C "$repo" describe --always --dirty --tags 2>/dev/null || echo "without git")"
echo "# client: $("$client" --version | head -1)"
if [ -n "$forebay" ]; then
  echo "# forebay: $("$forebay" --version 2>&1 | paste -sd ' ')"
else
  echo "# forebay: no build at hand"
fi

# Rows as forebay sends them, for the binary COPYs in the statements; those name the files without a folder.
sed -n 's/^-- file \([a-z0-9_.]*\): .*/\1/p' "$statements" | while read -r file; do
  sed -n "s/^-- file $file: //p" "$statements" | base64 -d >"$scratch/$file"
done
made=forebay_check status=0
cd "$scratch"
case $client in
  *gsql) run "$client" -a -d "$url" -f "$statements" >"$scratch/report" 2>&1 || status=$? ;;
  *) run "$client" -X -a "$url" -f "$statements" >"$scratch/report" 2>&1 || status=$? ;;
esac
cat "$scratch/report"

# gsql tells an error's SQLSTATE on a line of its own, and before its text there may be a line with an internal number;
# psql has it before the text. Errors are judged in that form.
as_psql_tells() {
  awk '
    function let_go() { if (held != "") print head held; held = "" }
    held != "" && /^SQLSTATE: [0-9A-Z]+$/ { print head substr($0, 11) ": " said; held = ""; next }
    held != "" && /^GAUSS-[0-9]+: / { said = $0; sub(/^GAUSS-[0-9]+: +/, "", said); held = held " " $0; next }
    /^(== |expects |tries )/ { let_go() }
    /(^|: )(ERROR|FATAL|PANIC): / && !/(ERROR|FATAL|PANIC): +[0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z]: / {
      let_go()
      match($0, /(ERROR|FATAL|PANIC): +/)
      head = substr($0, 1, RSTART + RLENGTH - 1)
      held = said = substr($0, RSTART + RLENGTH)
      if (held == "") held = " "
      next
    }
    held != "" { held = held "\n" $0; next }
    { print }
    END { let_go() }' "$scratch/report"
}
as_psql_tells >"$scratch/told"

echo
echo "# summary"
# The statements say `expects WHAT: NAME` before each check: ok, a command's tag, or an SQLSTATE, with | between what
# may be either (empty: rows). `tries NAME` begins what a server may refuse as a whole, at the statement that follows.
judge() {
  awk '
    function fail(text) {
      if (group ~ /^upsert_/ && first != "" && group != first) { print "note    " text " (not used: " first " is)"; broken[group] = 1; return }
      print "FAILED  " text; broken[group] = 1; failed = 1
    }
    function settle(  n, i, wants, name, good) {
      if (current == "") return
      name = substr(current, index(current, ": ") + 2)
      n = split(substr(current, 1, index(current, ": ") - 1), wants, "|")
      for (i = 1; i <= n; i++) if (answer == wants[i]) good = 1
      if (good) print "ok      " name (answer == "ok" || answer == "" ? "" : " (" answer ")")
      else if (answer == "") fail(name ": no answer")
      else fail(name ": " (why != "" ? why : answer) (answer == "FAILED" ? "" : "; expected: " substr(current, 1, index(current, ": ") - 1)))
      current = answer = why = ""
    }
    function decide() {
      if (!deciding) return
      deciding = 0
      taken[group] = 1
      if (group ~ /^upsert_/ && first == "") first = group
    }
    FNR == NR {
      if ($0 ~ /^\\echo == /) group = ""
      if (sub(/^\\echo tries /, "")) { group = $0; groups[++many] = group }
      if (sub(/^\\echo expects /, "")) { expected[++count] = $0; of[$0] = group }
      next
    }
    FNR == 1 { group = "" }
    /^== / { settle(); decide(); group = ""; if ($0 == "== the end") ended = 1; next }
    /^tries / { settle(); decide(); group = substr($0, 7); deciding = 1; next }
    /^expects / {
      settle(); decide()
      seen[substr($0, 9)] = 1
      if (!(group in refused)) current = substr($0, 9)
      next
    }
    /(^|: )(ERROR|FATAL|PANIC): / {
      code = ""
      if (match($0, /(ERROR|FATAL|PANIC): +[0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z]: /)) code = substr($0, RSTART + RLENGTH - 7, 5)
      line = $0
      sub(/^.*(ERROR|FATAL|PANIC): +/, "", line)
      if (deciding && code ~ /^(42601|0A000)$/) { deciding = 0; refused[group] = code; print "refused " group ": " line; next }
      if (group in refused) next
      if (current != "" && answer == "") { answer = code == "" ? "an error" : code; why = line; next }
      fail("an error that is not expected: " line)
      next
    }
    deciding && /^[A-Z]+( [A-Z]+)*$/ { decide(); next }
    current ~ /^\|/ && answer == "" && /^\([0-9]+ rows?\)$/ { settle(); next }
    current != "" && answer == "" {
      line = $0
      gsub(/^ +| +$/, "", line)
      if (line == "ok" || line ~ /^[A-Z]+( [A-Z]+)*( [0-9]+)*$/) answer = line
    }
    END {
      settle(); decide()
      for (i = 1; i <= count; i++) {
        group = of[expected[i]]
        if (!(expected[i] in seen) && !(group in refused)) fail(substr(expected[i], index(expected[i], ": ") + 2) ": it was not run")
      }
      group = ""
      if (count == 0) fail("the statements expect nothing")
      for (i = 1; i <= many; i++)
        if (groups[i] ~ /^upsert_/ && (groups[i] in taken) && !(groups[i] in broken) && !(groups[i] in listed)) {
          listed[groups[i]] = 1
          whole = whole " " substr(groups[i], 8)
        }
      if (whole != "") print "ok      upserts that are whole:" whole
      else fail("no form of upsert does what it should")
      if (!ended) fail("the statements did not come to their end")
      exit failed
    }' "$statements" "$scratch/told"
}
judge || failed=1
[ "$status" = 0 ] || fail "$client ended with $status"
[ "$(sql "SELECT count(*) FROM pg_namespace WHERE nspname = 'forebay_check'" 2>/dev/null)" = 0 ] ||
  fail "schema forebay_check is there still, or the server is not"

# forebay_scan URL ROUND: into the schema forebay_check_run.
forebay_scan() {
  local scheme=${1%%://*}
  if run "$forebay" scan --set check --to "$1" tree >"$scratch/scan" 2>&1; then
    echo "ok      forebay scan by $scheme://, $2"
  else
    fail "forebay scan by $scheme://, $2:"
  fi
  sed 's/^/          /' "$scratch/scan"
}

if [ -n "$forebay" ]; then
  case $url in *\?*) own=$url\& ;; *) own=$url\? ;; esac
  own=${own}options=-csearch_path%3Dforebay_check_run
  as_given=$given${own#postgresql}
  export FOREBAY_STATE_DIR=$scratch/state
  mkdir "$scratch/tree"
  for ((i = 1; i <= 300; ++i)); do echo "$i" >"$scratch/tree/file $i"; done
  made="$made forebay_check_run"
  echo "# forebay itself"
  # From here on nothing long is run but by run(): see there.
  if sql "CREATE SCHEMA forebay_check_run" >/dev/null; then
    forebay_scan "$as_given" first
    found=$(grep -o 'the server is .*; rows are replaced by .*' "$scratch/scan" | head -1 || true)
    forebay_scan "$as_given" again
    # What is found to be an openGauss may be called one, and what was called one need not be.
    case $given:$found in
      *: | opengauss:*"since the URL says so"*) ;;
      opengauss:*) forebay_scan "$own" "found to be one" ;;
      *) forebay_scan "opengauss${own#postgresql}" "named as one" ;;
    esac
    rows=$(sql "SELECT count(*) FROM forebay_check_run.backup_files") || rows=none
    if [ "$rows" = 301 ]; then echo "ok      301 rows are there"; else fail "there are $rows rows and should be 301"; fi
    if sql "SET client_min_messages = error; DROP SCHEMA forebay_check_run CASCADE" >/dev/null; then
      made=forebay_check
    else
      fail "schema forebay_check_run could not be dropped"
    fi
  else
    fail "schema forebay_check_run could not be made"
  fi
else
  untried="forebay itself, as no build of it is at hand (FOREBAY=…)"
  echo "not tried: $untried"
fi
if [ "$failed" != 0 ]; then
  echo "not all ok"
elif [ -n "$untried" ]; then
  echo "all ok that was tried; not tried: $untried"
else
  echo "all ok"
fi
exit "$failed"
