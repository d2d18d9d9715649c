#!/usr/bin/env bash
# Fuzzes the readers: fuzz.sh [SECONDS [TARGET...]]; 300 seconds for each target, all of tests/fuzz.
#
# Wants clang with its libFuzzer (Debian: clang). What a run found stays in build-fuzz/found/TARGET
# and is where the next one goes on; inputs that break a promise lie in build-fuzz/broken/TARGET, and
# belong into tests/fuzz/corpus/TARGET once they are mended, where every test run replays them. Exits
# 1 when there was one.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

seconds=${1:-300}
targets=("${@:2}")
if ((${#targets[@]} == 0)); then
  for source in tests/fuzz/fuzz_*.cpp; do
    source=${source##*/}
    targets+=("${source%.cpp}")
  done
fi
command -v clang++ >/dev/null || {
  printf 'error: there is no clang++\nhint: apt-get install clang\n' >&2
  exit 2
}
[[ -e build-fuzz/build.ninja ]] || cmake --preset fuzz >&2
ninja -C build-fuzz "${targets[@]}" >&2

status=0
for target in "${targets[@]}"; do
  mkdir -p "build-fuzz/found/$target" "build-fuzz/broken/$target"
  log=build-fuzz/$target.log
  result='no promise broken'
  "build-fuzz/tests/$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="build-fuzz/broken/$target/" "build-fuzz/found/$target" \
    "tests/fuzz/corpus/$target" >"$log" 2>&1 || {
    status=1
    result="broken: see $log"
  }
  executions=$(awk '/number_of_executed_units/ { print $2 }' "$log")
  printf '%s: %s executions, %s\n' "$target" "${executions:-no}" "$result"
done
exit "$status"
