# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the state is stack.sh's
#
# Part of stack.sh, and no use without it: starting and stopping the two servers. Reads and sets the
# state that load_state of stack.sh explains.

# ---- processes --------------------------------------------------------------------------------

# Starts a daemon: a session of its own, nothing inherited (a pipe that is held open would keep
# `make seed | cat` waiting for ever), the log of the run before kept beside.
spawn() {  # LOG COMMAND...; sets spawned
  local log=$1 fd
  shift
  [[ ! -s $log ]] || mv "$log" "$log.1"
  (
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      ((fd <= 2 || fd == 255)) || eval "exec $fd>&-"
    done
    cd /
    exec setsid -- env -i PATH=/usr/bin:/bin TZ=UTC "$@" </dev/null >"$log" 2>&1
  ) &
  spawned=$!
}

stop_process() {  # SECONDS PID SIGNAL...: each signal gets that many seconds to work
  local tries=$(($1 * 50)) pid=$2 signal i
  shift 2
  for signal in "$@"; do
    kill "-$signal" "$pid" 2>/dev/null || return 0
    for ((i = 0; i < tries; ++i)); do
      is_alive "$pid" || return 0
      sleep 0.02
    done
  done
  fail "process $pid does not stop"
}

stop_postgres() {
  ! find_postgres || stop_process 20 "$pg_pid" INT QUIT
}

stop_postgrest() {
  local comm name
  if find_postgrest; then
    stop_process 3 "$rest_pid" TERM KILL
  fi
  # One whose pid was lost, because .stack was deleted under it, still has our file in its arguments.
  for comm in /proc/[0-9]*/comm; do
    { read -r name <"$comm"; } 2>/dev/null || continue
    comm=${comm%/comm}
    [[ $name != postgrest* ]] || ! has_argument "${comm##*/}" "$conf" ||
      stop_process 3 "${comm##*/}" TERM KILL
  done
  rest_pid=''
}

port_is_free() {
  ! (exec 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$1")
}

# The port of last time, so that settings somebody has copied stay good; else one below the range
# from which the kernel gives ports to outgoing connections.
choose_port() {  # VARIABLE
  local port=${!1} i
  for ((i = 0; i < 100; ++i)); do
    if [[ $port =~ ^[0-9]+$ ]] && port_is_free "$port"; then
      printf -v "$1" '%s' "$port"
      return 0
    fi
    port=$((20000 + RANDOM % 12000))
  done
  fail 'no free port found on 127.0.0.1'
}

# ---- PostgreSQL -------------------------------------------------------------------------------

# PostgreSQL refuses to run as root; then it is the postgres user's, as Debian has it, and so is
# the folder. An existing folder decides by its owner.
set_server_user() {
  as_server=()
  ((EUID == 0)) || return 0
  local user=postgres
  [[ ! -d $pg_home ]] || user=$(stat -c %U "$pg_home")
  as_server=(setpriv --reuid="$user" --regid="$user" --init-groups --)
}

make_pg_home() {
  [[ ! -d $pg_home ]] || return 0
  if ((EUID == 0)); then
    id postgres >/dev/null 2>&1 || fail "there is no user 'postgres'" 'scripts/setup.sh stack installs PostgreSQL'
    chmod 711 "$stack"
    if ! "${as_server[@]}" test -x "$stack/." 2>/dev/null; then
      # The project lies where the postgres user may not go, in /root for one.
      local mark
      mark=$(printf '%s' "$stack" | sha256sum)
      pg_home=/var/tmp/pgseed-${mark:0:12}
      data=$pg_home/data
      if [[ -e $pg_home || -L $pg_home ]]; then  # left behind by a .stack that was deleted
        [[ ! -L $pg_home && $(stat -c %U "$pg_home") == postgres ]] ||
          fail "$pg_home is in the way and belongs to somebody else"
        stop_postgres
        rm -rf "$pg_home"
      fi
    fi
  fi
  mkdir -m 700 "$pg_home"
  ((EUID != 0)) || chown postgres: "$pg_home"
}

# Built aside and renamed when complete, so an interrupted start leaves no half a cluster.
make_cluster() {
  [[ ! -d $data ]] || return 0
  rm -rf "$pg_home/new" "$pg_home/password" "$stack/schema_applied"
  printf '%s\n' "$postgres_password" >"$pg_home/password"
  ((EUID != 0)) || chown --reference="$pg_home" "$pg_home/password"
  if ! (cd / && TZ=UTC "${as_server[@]}" "$pg_bin/initdb" -D "$pg_home/new" -U postgres \
    --pwfile="$pg_home/password" --auth=scram-sha-256 -E UTF8 --locale=C.UTF-8 --no-sync \
    --no-instructions >"$stack/initdb.log" 2>&1); then
    tail -n 5 "$stack/initdb.log" >&2
    fail 'initdb failed' "the whole log: $stack/initdb.log"
  fi
  rm -f "$pg_home/password"
  mv "$pg_home/new" "$data"
}

postgres_comes_up() {  # true when it accepts connections, false when it has died
  local i
  for ((i = 0; i < 6000; ++i)); do
    if find_postgres && [[ $pg_state == ready* ]]; then return 0; fi
    kill -0 "$spawned" 2>/dev/null || return 1
    sleep 0.01
  done
  fail 'PostgreSQL does not become ready' "the log: $stack/postgres.log"
}

start_postgres() {
  local lines attempt
  # PostgreSQL sees through a stale pid file by itself, but not when the pid is in use again.
  if { mapfile -t lines <"$data/postmaster.pid"; } 2>/dev/null && [[ -e /proc/${lines[0]:-none} ]]; then
    rm -f "$data/postmaster.pid"
  fi
  for attempt in 1 2 3 4 5 6 7 8; do
    choose_port pg_port
    # Without a socket file there is nothing in /tmp to clash over and no path to get too long.
    spawn "$stack/postgres.log" "${as_server[@]}" "$pg_bin/postgres" -D "$data" -p "$pg_port" \
      -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c timezone=UTC -c log_timezone=UTC
    ! postgres_comes_up || return 0
    if grep -q 'could not bind' "$stack/postgres.log"; then
      pg_port=''  # somebody was quicker
    elif grep -qE 'shared memory block|lock file' "$stack/postgres.log"; then
      sleep 0.5  # the processes of a killed server are still going down
    else
      break
    fi
  done
  tail -n 5 "$stack/postgres.log" >&2
  fail "PostgreSQL does not start (attempt $attempt)" \
    "the log: $stack/postgres.log; scripts/stack.sh reset starts with empty data"
}

# The roles and default rights that a Supabase project has. Run at every start: it mends what was
# changed by hand, too. The passwords are hexadecimal, so they need no quoting.
make_roles() {
  local schema role
  {
    printf 'SET log_min_error_statement = panic; SET client_min_messages = warning;\n'
    for role in anon authenticated service_role authenticator; do
      printf "SELECT 'CREATE ROLE %s' WHERE to_regrole('%s') IS NULL \\\\gexec\n" "$role" "$role"
    done
    printf '%s\n' \
      'ALTER ROLE anon NOLOGIN NOINHERIT;' \
      'ALTER ROLE authenticated NOLOGIN NOINHERIT;' \
      'ALTER ROLE service_role NOLOGIN NOINHERIT BYPASSRLS;' \
      "ALTER ROLE authenticator LOGIN NOINHERIT PASSWORD '$authenticator_password';" \
      'GRANT anon, authenticated, service_role TO authenticator;'
    for schema in ${schemas//,/ }; do
      printf '%s\n' \
        "CREATE SCHEMA IF NOT EXISTS $schema;" \
        "GRANT USAGE ON SCHEMA $schema TO anon, authenticated, service_role;" \
        "ALTER DEFAULT PRIVILEGES IN SCHEMA $schema GRANT ALL ON TABLES TO anon, authenticated, service_role;" \
        "ALTER DEFAULT PRIVILEGES IN SCHEMA $schema GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;" \
        "ALTER DEFAULT PRIVILEGES IN SCHEMA $schema GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role;"
    done
  } | PGPASSFILE=$stack/pgpass PGCONNECT_TIMEOUT=5 psql -X -q -v ON_ERROR_STOP=1 -1 -h 127.0.0.1 -p "$pg_port" \
    -U postgres -d postgres -f - >"$stack/roles.log" 2>&1 || {
    tail -n 5 "$stack/roles.log" >&2
    fail 'the roles could not be made' 'scripts/stack.sh reset starts with empty data'
  }
}

# ---- PostgREST --------------------------------------------------------------------------------

write_conf() {
  printf '%s = %s\n' \
    db-uri "\"postgresql://authenticator:$authenticator_password@127.0.0.1:$pg_port/postgres\"" \
    db-schemas "\"$schemas\"" \
    db-anon-role '"anon"' \
    db-pool 10 \
    db-channel-enabled true \
    jwt-secret "\"$jwt_secret\"" \
    server-host '"127.0.0.1"' \
    server-port "$rest_port" \
    admin-server-port "$admin_port" \
    log-level '"error"' >"$conf"
}

postgrest_comes_up() {  # MILLISECONDS
  local i
  for ((i = 0; i < $1 / 20; ++i)); do
    ! postgrest_is_ready || return 0
    is_alive "$rest_pid" || return 1
    sleep 0.02
  done
  return 1
}

start_postgrest() {
  local attempt
  for attempt in 1 2 3 4; do
    choose_port rest_port
    choose_port admin_port
    [[ $rest_port != "$admin_port" ]] || continue
    write_conf
    spawn "$stack/postgrest.log" "$postgrest" "$conf"
    rest_pid=$spawned
    save_state
    ! postgrest_comes_up 15000 || return 0
    stop_postgrest
    rest_port='' admin_port=''
  done
  tail -n 5 "$stack/postgrest.log" >&2
  fail "PostgREST does not become ready (attempt $attempt)" "the log: $stack/postgrest.log"
}
