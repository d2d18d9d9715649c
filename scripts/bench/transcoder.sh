#!/usr/bin/env bash
# The other half of `make bench`: how fast dumps are read, without a server.
#
#   ROUNDS=5           how often everything is measured
#   BENCH_LARGEST=1000 MB of the largest file
#   PGSEED_BIN=...     another binary than build/pgseed
#
# The inner figures are CPU time, by Google Benchmark, with libpg_query's scanner over the same text
# beside them; those of whole processes are wall time. A missed goal is reported, no more.
set -euo pipefail
export LC_ALL=C
cd "${BASH_SOURCE[0]%/*}/../.."
readonly rounds=${ROUNDS:-5} largest=${BENCH_LARGEST:-1000}
pgseed=${PGSEED_BIN:-build/pgseed}

fail() {
  printf 'error: %s\n' "$1" >&2
  [[ -z ${2:-} ]] || printf 'hint: %s\n' "$2" >&2
  exit "${3:-1}"
}

[[ $rounds =~ ^[1-9][0-9]*$ ]] || fail "ROUNDS=$rounds is no number of rounds" 'make bench ROUNDS=9' 2
[[ $largest =~ ^10+$ ]] || fail "BENCH_LARGEST=$largest is no power of ten" 'BENCH_LARGEST=1000' 2
for command in /usr/bin/time gzip zstd; do
  command -v "$command" >/dev/null || fail "$command is missing" 'scripts/setup.sh build bench installs it' 2
done

[[ -n ${PGSEED_BIN:-} ]] || scripts/build.sh pgseed
scripts/build.sh generate_wkbk
cmake -S . -B build -DPGSEED_BENCH=ON >/dev/null
scripts/build.sh transcode_bench

mkdir -p build
work=$(mktemp -d "$PWD/build/bench.XXXXXX")
readonly work
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# shellcheck source=scripts/bench/measure.sh
. scripts/bench/measure.sh

# ---- packed input -------------------------------------------------------------------------------

build/generate_wkbk "$work/large.sql" 189850
gzip -6 -c "$work/large.sql" >"$work/large.sql.gz"
zstd -q -3 -T1 -c "$work/large.sql" >"$work/large.sql.zst"

packed_round() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  local to_nothing='exec "$0" -dc "$1" >/dev/null'
  measure gzip sh -c "$to_nothing" gzip "$work/large.sql.gz"
  measure inspect_gzip "$pgseed" inspect "$work/large.sql.gz"
  measure zstd sh -c "$to_nothing" zstd "$work/large.sql.zst"
  measure inspect_zstd "$pgseed" inspect "$work/large.sql.zst"
}

# ---- scaling ------------------------------------------------------------------------------------

many_statements() {  # MEGABYTES
  build/generate_wkbk - $(($1 * 1099))
}

# One statement with all rows, of 1 KB or of one byte each.
printf -v long_text 'it was long, %.0s' {1..75}
# shellcheck disable=SC2016 # LaTeX
readonly long_row="('lean_1', 'Prove that "'$\frac{a}{b} \ge 1$'"', '$long_text'),"
long_rows() {  # MEGABYTES
  printf 'INSERT INTO long_rows (a, b, c) VALUES\n'
  # yes goes on until nobody reads.
  { yes "$long_row" || true; } | head -n $(($1 * 1000000 / (${#long_row} + 1)))
  printf "('', '', '');\n"
}
short_rows() {  # MEGABYTES
  printf 'INSERT INTO short_rows (a) VALUES\n'
  { yes '(1),' || true; } | head -c $(($1 * 1000000))
  printf '(1);\n'
}

readonly shapes=(many_statements long_rows short_rows)

scaling() {
  local shape size round
  printf 'INSERT INTO t (a) VALUES (1);\n' >"$work/tiny.sql"
  for ((round = 1; round <= rounds; ++round)); do measure tiny "$pgseed" inspect "$work/tiny.sql"; done
  for shape in "${shapes[@]}"; do
    for ((size = 10; size <= largest; size *= 10)); do
      printf 'bench: %s, %d MB\n' "${shape/_/ }" "$size" >&2
      "$shape" $((size / 2)) >"$work/half.sql"
      "$shape" "$size" >"$work/whole.sql"
      for ((round = 1; round <= rounds; ++round)); do
        measure "half_${shape}_$size" "$pgseed" inspect "$work/half.sql"
        measure "whole_${shape}_$size" "$pgseed" inspect "$work/whole.sql"
      done
    done
    rm "$work/half.sql" "$work/whole.sql"
  done
}

scaling_table() {
  local shape size
  printf '\n%-24s %6s %8s %15s %9s\n' 'inspect, best of rounds' MB 'GB/s' 'for half of it' 'peak MiB'
  for shape in "${shapes[@]}"; do
    for ((size = 10; size <= largest; size *= 10)); do
      # What starting costs is not the text's. The least of all rounds has least of what else the
      # machine does.
      awk -v shape="${shape/_/ }" -v mb="$size" -v start="$(extreme tiny 1 -n)" \
        -v half="$(extreme "half_${shape}_$size" 1 -n)" -v whole="$(extreme "whole_${shape}_$size" 1 -n)" \
        -v kib="$(extreme "whole_${shape}_$size" 2 -nr)" 'BEGIN {
        whole -= start
        half -= start
        printf "%-24s %6d %8.2f %14.2fx %9.0f  %s\n", shape, mb, mb / 1000 / whole, whole / half, kib / 1024,
          (whole / half >= 1.8 && whole / half <= 2.2 ? "ok" : "missed")
      }'
    done
  done
}

# ---- all of it ----------------------------------------------------------------------------------

for ((round = 1; round <= rounds; ++round)); do
  printf 'bench: packed input, round %d of %d\n' "$round" "$rounds" >&2
  packed_round
done
scaling
build/tests/transcode_bench "--dump=$work/large.sql" --benchmark_color=false 2>/dev/null ||
  fail 'the benchmark of the transcoder failed'
printf '\n'
figure_heading
ratio 'inspect of a .gz against gzip -dc' 0.90 gzip inspect_gzip
ratio 'inspect of a .zst against zstd -dc' 0.90 zstd inspect_zstd
memory "peak memory of inspect, $largest MB" 32 "whole_many_statements_$largest"
scaling_table
