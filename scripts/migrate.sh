#!/usr/bin/env bash
# `make upgrade` and its like: turns the variables REV, DIR and MSG into options of pgseed migrate.
#
# Without DIR the project's own migrations are used where there are any (alembic.ini, migrations/,
# [migrate] in pgseed.toml), else those of the example project, seeds/moe.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

folder=()
if [[ -n ${DIR:-} ]]; then
  folder=("--dir=$DIR")
elif [[ ! -e alembic.ini && ! -d migrations ]] && ! grep -qsE '^[[:space:]]*\[migrate\]' pgseed.toml; then
  folder=(--dir=seeds/moe/migrations)
fi

run() {  # SUBCOMMAND ARGUMENTS...
  local subcommand=$1
  shift
  exec scripts/run.sh DATABASE_URL "migrate $subcommand" "${folder[@]}" "$@"
}

case ${1:-} in
  upgrade) run upgrade "${REV:-head}" ;;
  downgrade) run downgrade "${REV:--1}" ;;
  current) run current ;;
  history) run history --indicate-current ;;
  reset-db) run reset --to "${REV:-head}" ;;
  revision)
    if [[ ! ${MSG:-} =~ [^[:space:]] ]]; then
      printf 'error: no MSG given\nhint: make revision MSG="add a column"\n' >&2
      exit 2
    fi
    scripts/build.sh pgseed
    exec build/pgseed migrate revision "${folder[@]}" --message="$MSG"
    ;;
  *)
    printf 'error: usage: migrate.sh upgrade|downgrade|current|history|revision|reset-db\n' >&2
    exit 2
    ;;
esac
