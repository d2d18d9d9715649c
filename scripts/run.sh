#!/usr/bin/env bash
# Runs build/pgseed for a make target: run.sh VARIABLE COMMAND ARGUMENTS...
#
# COMMAND may be several words ("migrate upgrade"); those of the environment's ARGS are put behind it.
# VARIABLE is the setting without which the command has nowhere to go (SUPABASE_URL, DATABASE_URL).
# Where the environment or a .env file has it, pgseed goes there. Else the local stack is started and
# used, and only it: settings of another server that happen to be in the environment are put aside,
# so that half of a command cannot reach that other server.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."
variable=$1
shift

case $variable in
  SUPABASE_URL) flag=rest-url ;;
  DATABASE_URL) flag=database-url ;;
  *) exit 2 ;;
esac

is_configured() {
  [[ ! ${!variable:-} =~ [^[:space:]] && ! " ${ARGS:-}" =~ \ --($flag|env-file|config)[\ =] ]] || return 0
  grep -qsE "^[[:space:]]*(export[[:space:]]+)?${variable}[[:space:]]*=[[:space:]]*[\"']?[^\"'#[:space:]]" \
    .env .env.local .env.migration ||
    grep -qsE "^[[:space:]]*(${variable}|${flag/-/[-_]})[[:space:]]*=" pgseed.toml
}

# ARGS is split as a shell would, but nothing in it is run.
more=()
if [[ ${ARGS:-} =~ [^[:space:]] ]]; then
  words=$(xargs printf '%s\n' <<<"$ARGS" 2>/dev/null) || {
    printf "error: ARGS has a quote that is not closed\nhint: ARGS=\"--table 'a b'\"\n" >&2
    exit 2
  }
  mapfile -t more <<<"$words"
fi
command=$1
shift
read -ra words <<<"$command"
set -- "${words[@]}" "${more[@]}" "$@"

scripts/build.sh pgseed
if is_configured; then
  exec build/pgseed "$@"
fi

unset SUPABASE_URL SUPABASE_SECRET_KEY SUPABASE_SERVICE_ROLE_KEY DATABASE_URL
scripts/setup.sh stack
scripts/stack.sh up >/dev/null
env_file=$(scripts/stack.sh env)
url=$(sed -n 's/^SUPABASE_URL=//p' "$env_file")
printf 'pgseed: nothing configured, using the local stack at %s\n' "$url" >&2

# The tables of the example project. Where others of these names stand in the way, the dump may be
# meant for them: that is for the seeding to say.
if [[ $command == seed ]]; then
  build/pgseed --env-file "$env_file" -q migrate --dir seeds/moe/migrations upgrade head >&2 ||
    printf 'pgseed: the tables of seeds/moe could not be brought up to date; going on without\n' >&2
fi
# The local stack is there to be thrown away.
[[ $command != 'migrate reset' ]] || set -- "$@" --yes
# What was loaded into it is forgotten when it is removed.
export PGSEED_STATE_DIR=${PGSEED_STATE_DIR:-${env_file%/*}/ledgers}
exec build/pgseed --env-file "$env_file" "$@"
