#!/usr/bin/env bash
# Runs a command with a throwaway Citus cluster, a coordinator and two workers, and ends with the command's exit status;
# without a command builds the tests and runs those that are for it. Citus has to be installed; docs/citus.md says how.
#
#   scripts/with-citus.sh [--no-install] [--filter SPEC]
#   scripts/with-citus.sh COMMAND [ARGUMENT…]
#
#   --no-install    leave the packages alone
#   --filter SPEC   of the cases with the tag [.citus] only these, as Catch2 takes it: "a worker*"
#
# The tests: the contract suite's PostgreSQL cases, in a database where an event trigger distributes each table of theirs
# by its key's first column when it is made; then those with the tag [.citus], which distribute tables as a user does. The
# last line is "N passed, N failed, N skipped"; where no Citus is installed it is one that is skipped.
#
# The servers listen on Unix sockets in a private temporary folder, nowhere else, and do not flush. The command gets PG*
# and DATABASE_URL for the database "forebay" of the coordinator, in which the extension is created and nothing else, and
# THROWAWAY_CITUS: the folder with coordinator/, worker1/ and worker2/, which are clusters as scripts/with-postgres.sh
# makes them. All of it is stopped and removed however the command ends.
#
#   scripts/with-citus.sh
#   scripts/with-citus.sh psql -c 'select citus_version()'
#   scripts/with-citus.sh bash          a shell to look around in
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

install=yes filter="" own_command=""
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) print_help; exit 0 ;;
    --no-install) install=""; shift ;;
    --filter) needs "$1" "${2:-}" "a Catch2 test spec"; filter=$2; shift 2 ;;
    --) shift; break ;;
    -*) die "unknown option $1; see --help" 2 ;;
    *) break ;;
  esac
done
[ $# = 0 ] || own_command=yes

# Citus is made for some versions of PostgreSQL: the newest that has it is used. Debian's keep their extensions apart.
pg_bin=""
while IFS= read -r candidate; do
  version=$(basename "$(dirname "$candidate")")
  for extensions in "/usr/share/postgresql/$version" "${candidate%/bin}"/share{,/postgresql}; do
    if [ -e "$extensions/extension/citus.control" ] && [ -x "$candidate/initdb" ]; then pg_bin=$candidate; fi
  done
  [ -z "$pg_bin" ] || break
done < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV && dirname "$(command -v initdb || echo /nowhere/bin/initdb)")
if [ -z "$pg_bin" ]; then
  [ -z "$own_command" ] || die "no Citus is installed (no extension/citus.control beside a PostgreSQL); docs/citus.md says how to get one"
  echo "skipped            the tests for Citus: none is installed, docs/citus.md says how to get one"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
fi

if [ -z "$own_command" ]; then
  [ -z "$install" ] || "$repo/scripts/install-packages.sh" test
  use_ccache
  if ! { cd "$repo" && cmake --preset dev -DCMAKE_CXX_COMPILER_LAUNCHER="$CMAKE_CXX_COMPILER_LAUNCHER" >/dev/null && cmake --build --preset dev -j "$(nproc)"; }; then
    say "The build failed; the lines above say where."
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
  fi
fi

nodes=(coordinator worker1 worker2)
folder=""
remove_servers() {
  local node
  trap '' INT TERM HUP
  [ -n "$folder" ] || return 0
  for node in "${nodes[@]}"; do
    [ ! -d "$folder/$node/data" ] || pg_stop "$folder/$node" immediate
  done
  rm -rf "$folder"
}
trap remove_servers EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

server_user=$(pg_server_user)
folder=$(mktemp -d "$(scratch_folder)/forebay-citus.XXXXXX")
chown "$server_user": "$folder"
for node in "${nodes[@]}"; do
  mkdir -m 0700 "$folder/$node"
  chown "$server_user": "$folder/$node"
  pg_init "$folder/$node"
  # Each batch holds a connection of its own to each worker, and for a moment one a shard.
  printf "%s\n" "shared_preload_libraries = 'citus'" "max_connections = 300" "fsync = off" "synchronous_commit = off" \
    "full_page_writes = off" >>"$folder/$node/data/postgresql.conf"
  pg_start "$folder/$node"
done

# on NODE DATABASE [SQL…]: what psql says.
on() {
  local node=$1 database=$2 sql arguments=()
  shift 2
  for sql in "$@"; do arguments+=(-c "$sql"); done
  "$pg_bin/psql" -qXAt -v ON_ERROR_STOP=1 -h "$folder/$node" -p 5432 -U postgres -d "$database" "${arguments[@]}"
}
# make_database NAME: on all three, with the workers known to the coordinator.
make_database() {
  local node
  for node in "${nodes[@]}"; do
    on "$node" postgres "CREATE DATABASE $1" 2>/dev/null
    on "$node" "$1" "CREATE EXTENSION citus"
  done
  on coordinator "$1" "SELECT citus_set_coordinator_host('$folder/coordinator', 5432)" \
    "SELECT citus_add_node('$folder/worker1', 5432)" "SELECT citus_add_node('$folder/worker2', 5432)" >/dev/null
}
make_database forebay
export THROWAWAY_PG_BIN=$pg_bin THROWAWAY_CITUS=$folder
pg_env "$folder/coordinator" forebay
if [ -n "$own_command" ]; then
  status=0
  "$@" || status=$?
  exit "$status"
fi

# In the transaction that makes a table, which makes others and functions as well: so Citus has to go by one connection.
make_database contract
on coordinator contract "ALTER DATABASE contract SET citus.shard_count = 4" "CREATE TABLE distributed (name text)" \
  "GRANT INSERT ON distributed TO PUBLIC" "
  CREATE FUNCTION distribute_new_tables() RETURNS event_trigger LANGUAGE plpgsql AS \$\$
  DECLARE made record; key_column text;
  BEGIN
    FOR made IN SELECT objid, object_identity FROM pg_event_trigger_ddl_commands()
                WHERE object_type = 'table' AND schema_name LIKE 'forebay\\_test\\_%' LOOP
      SELECT a.attname INTO key_column FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = made.objid AND i.indisprimary;
      IF key_column IS NOT NULL THEN
        PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
        PERFORM create_distributed_table(made.objid::regclass, key_column, colocate_with => 'none');
        INSERT INTO public.distributed VALUES (made.object_identity);
      END IF;
    END LOOP;
  END \$\$" "
  CREATE EVENT TRIGGER distribute_new_tables ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
  EXECUTE FUNCTION distribute_new_tables()"

# Tests start from nothing: none of the caller's settings, and no .env of the current folder.
while IFS= read -r name; do unset "$name"; done < <(compgen -e | grep -E '^(USE_MEMORY_DB|(MEMORY_DB|SYNC|SCAN|FOREBAY)_.*)$')
work=$(mktemp -d "$folder/work.XXXXXX")
cd "$work"
counts=(0 0 0)
# run_cases DATABASE SPEC
run_cases() {
  local i of_run
  export PGDATABASE=$1
  DATABASE_URL=$(pg_url "$folder/coordinator" "$1")
  "$repo/scripts/run_tests.py" --counts "$work/counts" --filter "$2" "$repo/build/dev/tests/forebay_tests" || true
  mapfile -t of_run < <(python3 -c 'import json, sys; print(*json.load(open(sys.argv[1])), sep="\n")' "$work/counts")
  # It broke down, or had nothing to run.
  if [ ${#of_run[@]} -lt 3 ] || [ "${of_run[*]:0:3}" = "0 0 0" ]; then of_run=(0 1 0); fi
  for i in 0 1 2; do counts[i]=$((counts[i] + of_run[i])); done
  rm -f "$work/counts"
}
if [ -n "$filter" ]; then
  run_cases forebay "$filter"
else
  run_cases contract "*::PostgresFixture,*::PostgresNoTempFixture"
  if [ "$(on coordinator contract "SELECT count(*) FROM distributed")" -ge "${counts[0]}" ]; then
    counts[0]=$((counts[0] + 1))
    echo "passed             the contract suite's tables were distributed"
  else
    counts[1]=$((counts[1] + 1))
    echo "FAILED             the contract suite's tables were distributed"
  fi
  run_cases forebay "[.citus]"
fi
echo "${counts[0]} passed, ${counts[1]} failed, ${counts[2]} skipped"
[ "${counts[1]}" = 0 ]
