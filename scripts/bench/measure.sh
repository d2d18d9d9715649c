# shellcheck shell=bash
# shellcheck disable=SC2154 # $work is bench.sh's
#
# Part of bench.sh: runs a process and notes what it took, and turns the notes into the two tables.
# A note is a line of $work/NAME.runs: wall seconds, peak KiB, user seconds, system seconds.

# Wall time by the shell's own clock, which has microseconds; the small process in between, which
# knows the peak memory, costs everybody the same millisecond.
timed() {  # COMMAND...; sets seconds and code
  local begin=$EPOCHREALTIME end
  code=0
  /usr/bin/time -q -o "$work/usage" -f '%M %U %S' -- "$@" </dev/null >"$work/output" 2>&1 || code=$?
  end=$EPOCHREALTIME
  printf -v seconds '%d' "$((${end/./} - ${begin/./}))"
  seconds=$(awk -v us="$seconds" 'BEGIN { printf "%.6f", us / 1e6 }')
}

measure() {  # NAME COMMAND...
  local name=$1
  shift
  timed "$@"
  ((code == 0)) || {
    tail -n 20 "$work/output" >&2
    fail "a run failed with exit code $code: $*"
  }
  printf '%s %s\n' "$seconds" "$(<"$work/usage")" >>"$work/$name.runs"
}

measure_refusal() {  # CODE NAME COMMAND...
  local wanted=$1 name=$2
  shift 2
  timed "$@"
  if ((code != wanted)) || ! grep -q '^error: ' "$work/output"; then
    tail -n 20 "$work/output" >&2
    fail "this should be refused with exit code $wanted and ended with $code: $*"
  fi
  printf '%s %s\n' "$seconds" "$(<"$work/usage")" >>"$work/$name.runs"
}

median() {  # NAME COLUMN
  awk -v column="$2" '{ print $column }' "$work/$1.runs" | sort -n |
    awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int((NR + 2) / 2)]) / 2 }'
}

extreme() {  # NAME COLUMN -n|-nr: the smallest or the largest
  awk -v column="$2" '{ print $column }' "$work/$1.runs" | sort "$3" | sed -n 1p
}

megabytes() {  # BYTES
  awk -v bytes="$1" 'BEGIN { printf "%.1f MB", bytes / 1e6 }'
}

# ---- figures with a goal ----------------------------------------------------------------------------

figure_heading() {
  printf '%-54s %10s %10s\n' figure goal measured
}

verdict() {  # TITLE GOAL MEASURED UNIT FORMAT at-least|at-most
  title=$1 awk -v goal="$2" -v measured="$3" -v unit="$4" -v format="$5" -v sense="$6" 'BEGIN {
    ok = sense == "at-least" ? measured >= goal : measured <= goal
    printf "%-54s %10s %10s  %s\n", ENVIRON["title"], (sense == "at-least" ? ">= " : "<= ") sprintf(format, goal) unit,
      sprintf(format, measured) unit, ok ? "ok" : "missed"
  }'
}

ratio() {  # TITLE GOAL SLOWER-NAME OUR-NAME: how many times as fast, for the same rows
  verdict "$1" "$2" "$(awk -v peer="$(median "$3" 1)" -v ours="$(median "$4" 1)" 'BEGIN { print peer / ours }')" \
    x %.2f at-least
}

# The worst of all rounds: a peak that comes now and then is a peak.
memory() {  # TITLE MIB NAME
  verdict "$1" "$2" "$(awk -v kib="$(extreme "$3" 2 -nr)" 'BEGIN { print kib / 1024 }')" ' MiB' %.0f at-most
}

flatness() {  # TITLE GOAL NAME LARGER-NAME
  verdict "$1" "$2" "$(awk -v small="$(extreme "$3" 2 -nr)" -v large="$(extreme "$4" 2 -nr)" \
    'BEGIN { print large / small }')" x %.2f at-most
}

cpu() {  # TITLE MILLISECONDS NAME: user and system time together
  verdict "$1" "$2" "$(awk -v user="$(median "$3" 3)" -v sys="$(median "$3" 4)" \
    'BEGIN { print (user + sys) * 1000 }')" ' ms' %.0f at-most
}

refusal() {  # TITLE MILLISECONDS NAME
  verdict "$1" "$2" "$(awk -v s="$(median "$3" 1)" 'BEGIN { print s * 1000 }')" ' ms' %.0f at-most
}

# ---- every run as it was ----------------------------------------------------------------------------

run_heading() {
  printf '%-34s %8s %15s %9s %7s %7s %9s\n' process 'wall s' 'from - to' 'rows/s' 'user s' 'sys s' 'peak MiB'
}

run() {  # TITLE ROWS NAME
  title=$1 awk -v rows="$2" -v wall="$(median "$3" 1)" -v least="$(extreme "$3" 1 -n)" \
    -v most="$(extreme "$3" 1 -nr)" -v kib="$(extreme "$3" 2 -nr)" -v user="$(median "$3" 3)" \
    -v sys="$(median "$3" 4)" 'BEGIN {
    printf "%-34s %8.3f %15s %9.0f %7.2f %7.2f %9.0f\n", ENVIRON["title"], wall, sprintf("%.3f - %.3f", least, most),
      rows / wall, user, sys, kib / 1024
  }'
}
