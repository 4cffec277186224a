# shellcheck shell=bash
# What the scripts share that run the tests once for each of several versions: runs and their sums. Sourced after lib.sh, never run.

work=$(mktemp -d /tmp/forebay-versions.XXXXXX)
child="" passed=0 failed=0 skipped=0 counts=(0 0 0)
clean_up() {
  [ -z "$child" ] || kill "$child" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# run_tests NAME ARGUMENT…: scripts/test.sh with these, whose counts are added to this version's; says what did not pass.
run_tests() {
  local name=$1 status=0
  shift
  # shellcheck disable=SC2154  # lib.sh sets repo
  # Behind `wait`, so that a signal to this script is heeded at once.
  "$repo/scripts/test.sh" --no-install "$@" </dev/null >"$work/log" 2>&1 &
  child=$!
  wait "$child" || status=$?
  child=""
  grep -vE '^(passed |\[[0-9]+/[0-9]+\]|ninja: no work)' "$work/log" >&2 || true
  if [[ $(tail -n 1 "$work/log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    counts[0]=$((counts[0] + BASH_REMATCH[1]))
    counts[1]=$((counts[1] + BASH_REMATCH[2] + (status != 0 && BASH_REMATCH[2] == 0)))
    counts[2]=$((counts[2] + BASH_REMATCH[3]))
  else
    say "the tests with $name broke down with status $status"
    counts[1]=$((counts[1] + 1))
  fi
}

# end_version NAME SECONDS: the line of this version; its counts go to the sums, and the next one's begin.
end_version() {
  echo "$1: ${counts[0]} passed, ${counts[1]} failed, ${counts[2]} skipped in $2 s"
  passed=$((passed + counts[0])) failed=$((failed + counts[1])) skipped=$((skipped + counts[2]))
  counts=(0 0 0)
}
