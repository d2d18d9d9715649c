#!/usr/bin/env bash
# Builds targets of the release preset: build.sh TARGET... (all: the tests too).
#
# Installs the compiler and the libraries first where they are missing. Says nothing on stdout; what
# the tools print goes to build/build.log, except on a terminal, where Ninja shows where it is.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

scripts/setup.sh build
mkdir -p build
exec {lock}>build/.lock
flock "$lock"

# A tree that was copied with its build folder would be refused by CMake.
if [[ -e build/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" build/CMakeCache.txt; then
  rm -rf build/CMakeCache.txt build/CMakeFiles build/build.ninja
fi

run() {
  if [[ -t 2 ]]; then
    "$@" >&2 </dev/null {lock}>&-
  elif ! "$@" >build/build.log 2>&1 </dev/null {lock}>&-; then
    grep -A 20 -m 3 -E 'error|FAILED' build/build.log >&2 || tail -n 30 build/build.log >&2
    return 1
  fi
}

report() {
  printf 'error: the build failed\nhint: the whole output: build/build.log\n' >&2
  exit 1
}

[[ -e build/build.ninja ]] || {
  printf 'building: the first time takes a few minutes\n' >&2
  run cmake --preset release || report
}
run ninja -C build --quiet -j "${PGSEED_JOBS:-$(nproc)}" "$@" || report
