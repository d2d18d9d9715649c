#!/usr/bin/env bash
# `make bench`: pgseed against psql and postgrest-js, whole processes on a local stack of its own.
#
#   ROUNDS=5        how often everything is measured; the figures are medians
#   PGSEED_BIN=...  another binary than build/pgseed
#
# Absolute figures drift with the machine. What counts are the ratios, and those are taken from
# rounds in which everybody had a turn. A missed goal is reported; only a run that fails, or that
# leaves other rows in the table than psql does, makes this exit with 1.
set -euo pipefail
export LC_ALL=C
cd "${BASH_SOURCE[0]%/*}/.."
readonly rounds=${ROUNDS:-5}
pgseed=${PGSEED_BIN:-build/pgseed}
readonly dump=seeds/wkbk_lean.sql

fail() {
  printf 'error: %s\n' "$1" >&2
  [[ -z ${2:-} ]] || printf 'hint: %s\n' "$2" >&2
  exit "${3:-1}"
}

[[ $rounds =~ ^[1-9][0-9]*$ ]] || fail "ROUNDS=$rounds is no number of rounds" 'make bench ROUNDS=9' 2
for command in /usr/bin/time node npm curl alembic; do
  command -v "$command" >/dev/null || fail "$command is missing" 'scripts/setup.sh build test installs it' 2
done

# ---- what is measured with ----------------------------------------------------------------------

[[ -n ${PGSEED_BIN:-} ]] || scripts/build.sh pgseed
scripts/build.sh generate_wkbk
[[ -e $dump ]] || scripts/wkbk.sh
readonly record=scripts/bench/node_modules/.package-lock.json
if [[ ! -e $record || scripts/bench/package-lock.json -nt $record ]]; then
  printf 'installing: postgrest-js into scripts/bench/node_modules\n' >&2
  npm ci --prefix scripts/bench --no-audit --no-fund --loglevel=error </dev/null >&2 ||
    fail 'postgrest-js could not be installed' "the lines above are npm's"
  touch "$record"
fi

# Settings of another server must not reach anybody here.
for name in "${!PG@}"; do [[ $name == PGSEED_* ]] || unset "$name"; done
unset SUPABASE_URL SUPABASE_SECRET_KEY SUPABASE_SERVICE_ROLE_KEY DATABASE_URL

# On the disk of the project: a database in a /tmp that is memory would flatter everybody.
mkdir -p build
work=$(mktemp -d "$PWD/build/bench.XXXXXX")
readonly work
export PGSEED_STACK_DIR=$work/stack PGSEED_STATE_DIR=$work/ledgers
take_down() {
  scripts/stack.sh remove >&2 || true
  rm -rf "$work"
}
trap take_down EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

scripts/stack.sh up >&2
readonly env_file=$PGSEED_STACK_DIR/env
postgrest=$(curl -sI "$(sed -n 's/^SUPABASE_URL=//p' "$env_file")" | sed -n 's/^Server: postgrest.\([^ \r]*\).*/\1/p')
export PGHOST=127.0.0.1 PGUSER=postgres PGDATABASE=postgres PGPASSFILE=$PGSEED_STACK_DIR/pgpass
PGPORT=$(sed -n 's,^DATABASE_URL=.*:\([0-9]*\)/.*,\1,p' "$env_file")
export PGPORT
"$pgseed" --env-file "$env_file" -q migrate --dir seeds/moe/migrations upgrade head >&2

# Not Debian's wrapper around it, which spends 30 ms of Perl before it starts this one.
readonly psql=${PGSEED_PG_BIN:-/usr/lib/postgresql/15/bin}/psql

sql() {
  "$psql" -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

# A vacuum that starts by itself would be somebody's bad luck.
sql -c 'ALTER TABLE problems SET (autovacuum_enabled = false)'

# shellcheck source=scripts/bench/measure.sh
. scripts/bench/measure.sh

# ---- the rows, in every shape that somebody reads -------------------------------------------------

fingerprint() {  # how many rows, and what is in them
  sql -F ' ' -c "SELECT count(*), coalesce(sum(hashtextextended(p::text, 0)), 0) FROM problems p"
}

prepare_rows() {  # NAME DUMP: NAME.sql NAME.tsv NAME.truth, by way of psql
  sql -c 'TRUNCATE problems, submissions, submission_results' -f "$2" -c "\\copy problems TO '$work/$1.tsv'"
  fingerprint >"$work/$1.truth"
}

build/generate_wkbk "$work/large.sql" 189850
prepare_rows large "$work/large.sql"
prepare_rows small "$dump"
sql -c 'SELECT json_agg(p) FROM problems p' >"$work/small.json"

empty() {
  sql -c 'TRUNCATE problems, submissions, submission_results' -c 'CHECKPOINT'
}

# The checkpoint comes before the rows: then neither INSERT nor UPSERT is timed with full-page images
# in the WAL (after a checkpoint the first change of every page logs the whole page).
fill() {
  sql -c 'TRUNCATE problems, submissions, submission_results' -c 'CHECKPOINT' -c "\\copy problems FROM '$work/small.tsv'"
}

require_rows() {  # NAME WHO
  [[ $(fingerprint) == "$(<"$work/$1.truth")" ]] ||
    fail "$2 left other rows in the table than psql -f does: $(fingerprint) instead of $(<"$work/$1.truth")"
}

# ---- migrations -----------------------------------------------------------------------------------

# A chain of 1,000 revisions, each with a table, as an old project may have.
mkdir -p "$work/chain/versions"
parent=''
for ((number = 1; number <= 1000; ++number)); do
  printf -v id 'c%011d' "$number"
  printf -- '-- pgseed:migration 1\n-- revision: %s\n-- down_revision: %s\n-- message: table %d\n\n' "$id" "$parent" "$number"
  printf -- '-- upgrade\nCREATE TABLE t%d (id integer PRIMARY KEY, name text NOT NULL, made timestamptz DEFAULT now());\n' "$number"
  printf -- 'COMMENT ON TABLE t%d IS %s;\n\n-- downgrade\nDROP TABLE t%d;\n' "$number" "'the number $number; it''s made up'" "$number"
  parent=$id
done | awk -v folder="$work/chain/versions" '/^-- pgseed:migration/ { close(file); file = sprintf("%s/%04d.sql", folder, ++n) } { print > file }'

# What CI runs at every start, where there is nothing to do.
alembic_current() {
  measure alembic_current env "DATABASE_URL=$(sed -n 's/^DATABASE_URL=//p' "$env_file")" \
    PYTHONDONTWRITEBYTECODE=1 alembic -c tests/alembic/moe/alembic.ini current
}

# ---- the rounds -----------------------------------------------------------------------------------

seed=("$pgseed" --env-file "$env_file" -q seed)

one_round() {
  empty
  measure copy "$psql" -X -q -c "\\copy problems FROM '$work/small.tsv'"
  require_rows small 'psql \copy'

  empty
  measure seed "${seed[@]}" "$dump"
  require_rows small 'pgseed seed'

  empty
  measure direct "${seed[@]}" --via direct "$dump"
  require_rows small 'pgseed seed --via direct'

  empty
  measure atomic "${seed[@]}" --atomic "$dump"
  require_rows small 'pgseed seed --atomic'

  empty
  measure psql_f "$psql" -X -q -f "$dump"
  require_rows small 'psql -f'

  fill
  measure upsert "${seed[@]}" --upsert "$dump"
  require_rows small 'pgseed seed --upsert'

  empty
  measure postgrest_js node scripts/bench/post_batches.mjs "$env_file" "$work/small.json"
  require_rows small 'postgrest-js'

  empty
  measure seed_large "${seed[@]}" "$work/large.sql"
  require_rows large 'pgseed seed, ten times the rows'

  empty
  measure unrecorded_large "${seed[@]}" --no-ledger "$work/large.sql"

  empty
  measure copy_large "$psql" -X -q -c "\\copy problems FROM '$work/large.tsv'"

  empty
  measure direct_large "${seed[@]}" --via direct "$work/large.sql"
  require_rows large 'pgseed seed --via direct, ten times the rows'

  empty
  measure atomic_large "${seed[@]}" --atomic "$work/large.sql"
  require_rows large 'pgseed seed --atomic, ten times the rows'

  measure inspect "$pgseed" inspect "$work/large.sql"

  alembic_current
  measure migrate_noop "$pgseed" --env-file "$env_file" migrate --dir seeds/moe/migrations upgrade head
  measure migrate_chain "$pgseed" migrate --dir "$work/chain" upgrade head --sql

  # Port 9 of loopback: nobody listens there, and the kernel says so.
  measure_refusal 2 wrong_flag "$pgseed" seed --no-such-flag "$dump"
  measure_refusal 3 missing_file "${seed[@]}" "$work/no_such_file.sql"
  measure_refusal 4 dead_port "$pgseed" --env-file "$env_file" --rest-url http://127.0.0.1:9 seed "$dump"
}

for ((round = 1; round <= rounds; ++round)); do
  printf 'bench: round %d of %d\n' "$round" "$rounds" >&2
  one_round
done

# ---- the result -----------------------------------------------------------------------------------

read -r small_rows _ <"$work/small.truth"
read -r large_rows _ <"$work/large.truth"
large_bytes=$(stat -c %s "$work/large.sql")

printf '\n%d rows of %s (%s), medians of %d interleaved rounds\n' "$small_rows" "$dump" \
  "$(megabytes "$(stat -c %s "$dump")")" "$rounds"
printf '%s, %s, %d cores, load %s\n\n' "$("$pgseed" --version)" \
  "PostgreSQL $(sql -c 'SHOW server_version'), PostgREST $postgrest" "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)"

figure_heading
ratio 'rows/s of pgseed seed against psql \copy' 0.90 copy seed
ratio "... $large_rows rows" 0.90 copy_large seed_large
ratio '... against psql -f of the same file' 2.0 psql_f seed
ratio '... against postgrest-js, 100 rows at a time' 5.0 postgrest_js seed
ratio '... UPSERT over the full table against INSERT' 0.70 seed upsert
ratio 'INSERT with its ledger against INSERT without' 0.97 unrecorded_large seed_large
ratio '--via direct against psql \copy' 0.90 copy direct
ratio "... $large_rows rows" 0.90 copy_large direct_large
ratio '--atomic against INSERT without it' 0.60 seed atomic
ratio "... $large_rows rows" 0.60 seed_large atomic_large
memory "peak memory, $small_rows rows" 32 seed
memory "peak memory, $large_rows rows, --via direct" 32 direct_large
memory "peak memory, $large_rows rows, --atomic" 32 atomic_large
memory "peak memory, $large_rows rows" 32 seed_large
flatness 'peak memory, the larger file against the smaller' 1.10 seed seed_large
ratio 'upgrade head, nothing to do, against alembic current' 10 alembic_current migrate_noop
cpu '1,000 revisions read, planned and printed, CPU' 50 migrate_chain
refusal 'refuses a wrong flag in' 100 wrong_flag
refusal 'refuses a missing file in' 100 missing_file
refusal 'refuses a dead port in' 100 dead_port

printf '\n'
run_heading
run 'psql \copy, one connection' "$small_rows" copy
run 'pgseed seed' "$small_rows" seed
run 'pgseed seed --via direct' "$small_rows" direct
run 'pgseed seed --atomic' "$small_rows" atomic
run 'pgseed seed --upsert, full table' "$small_rows" upsert
run 'psql -f' "$small_rows" psql_f
run 'postgrest-js, from prepared JSON' "$small_rows" postgrest_js
run 'pgseed seed, ten times the rows' "$large_rows" seed_large
run '... --no-ledger' "$large_rows" unrecorded_large
run '... psql \copy' "$large_rows" copy_large
run '... --via direct' "$large_rows" direct_large
run '... --atomic' "$large_rows" atomic_large
run 'pgseed inspect, the same' "$large_rows" inspect
printf '\nparsing alone (pgseed inspect): %s/s\n' \
  "$(megabytes "$(awk -v bytes="$large_bytes" -v s="$(median inspect 1)" 'BEGIN { printf "%.0f", bytes / s }')")"
((rounds >= 5)) || printf 'fewer than 5 rounds: the figures are a hint, no more\n'
