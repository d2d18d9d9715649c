#!/usr/bin/env bash
# `make seed`: turns the variables FILE, LIMIT, MAP, UPSERT, IGNORE and FORCE into options of pgseed.
#
# FILE is one file, whatever characters its name has, or a pattern (*, ?, [) for several; MAP is one
# file. What pgseed can judge is left to pgseed.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

fail() {  # CODE MESSAGE HINT
  printf 'error: %s\nhint: %s\n' "$2" "$3" >&2
  exit "$1"
}

arguments=()
switch() {  # VARIABLE FLAG
  case ${!1:-} in
    true | yes | on | 1) arguments+=("$2") ;;
    '' | false | no | off | 0) ;;
    *) fail 2 "$1=${!1} is neither true nor false" "make seed FILE=${FILE:-dump.sql} $1=true" ;;
  esac
}

[[ -n ${FILE:-} ]] || fail 2 'no FILE given' 'make seed FILE=dump.sql [LIMIT=n] [MAP=FILE] [UPSERT=true] [IGNORE=true] [FORCE=true]'
switch UPSERT --upsert
switch IGNORE --ignore
switch FORCE --force
[[ -z ${LIMIT:-} ]] || arguments+=("--limit=$LIMIT")
[[ -z ${MAP:-} ]] || arguments+=("--map=$MAP")

# Said before anything is built or started.
if [[ $FILE != - && ! -e $FILE && $FILE != *['*?[']* ]]; then
  [[ $(realpath -m -- "$FILE") == "$PWD/seeds/wkbk_lean.sql" ]] ||
    fail 3 "$FILE: no such file" 'FILE is taken relative to the project folder'
  scripts/wkbk.sh
fi
exec scripts/run.sh SUPABASE_URL seed "${arguments[@]}" -- "$FILE"
