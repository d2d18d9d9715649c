#!/usr/bin/env bash
# Tests check_layers.sh: it must pass the tree as it stands, and each violation planted in a copy must
# make it fail and name the place.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."
check=$PWD/scripts/check_layers.sh
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
passed=0 failed=0

verdict() {  # NAME 0-OR-1
  if (($2 == 0)); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n' "$1"
  fi
}

plant() {  # pass|fail FILE LINE
  local file=$copy/$2 code=0 wanted=0 output
  mkdir -p "${file%/*}"
  printf '%s\n' '#include <string>' "$3" >"$file.planted.${file##*.}"
  mv "$file" "$file.kept" 2>/dev/null || true
  mv "$file.planted.${file##*.}" "$file"
  output=$("$check" "$copy" 2>&1) || code=$?
  rm "$file"
  rmdir "${file%/*}" 2>/dev/null || true
  mv "$file.kept" "$file" 2>/dev/null || true
  [[ $1 == pass ]] || wanted=1
  if ((code == wanted)) && { ((code == 0)) || [[ $output == *"$2:2: "* ]]; }; then code=0; else code=1; fi
  verdict "$1: $3 in $2" "$code"
}

cp -r include src "$copy/"
[[ ! -d tests ]] || cp -r tests "$copy/"
code=0
"$check" || code=$?
verdict 'the tree as it stands' "$code"

plant fail src/sql/planted.cpp '#include "pgseed/rest/api.hpp"'               # upwards
plant fail src/base/planted.cpp '#include "pgseed/io/source.hpp"'
plant fail src/rest/planted.cpp '#include "pgseed/pg/session.hpp"'            # sideways
plant fail src/sql/planted.cpp '#include "pgseed/schema/model.hpp"'
plant fail src/migrate/planted.cpp '#include "pgseed/seed/pipeline.hpp"'
plant fail src/seed/planted.cpp '#include "pgseed/pg/session.hpp"'
plant fail include/pgseed/http/planted.hpp '#include "pgseed/json/writer.hpp"'  # in a header
plant fail src/pg/planted.cpp '  #  include "pgseed/http/client.hpp"'          # spelt otherwise
plant fail src/sql/planted.cpp '#include <curl/curl.h>'                       # a library away from home
plant fail include/pgseed/http/client.hpp '#include <curl/curl.h>'
plant fail src/seed/planted.cpp '#include <simdjson.h>'
plant fail src/seed/move/stage.cpp '#include <pqxx/pqxx>'
plant fail src/seed/send/planted.cpp '#include "pgseed/pg/session.hpp"'
plant fail src/seed/encode/planted.cpp '#include "pgseed/seed/ledger/ledger.hpp"'  # between the rooms of seed
plant fail src/seed/verify/planted.cpp '#include "pgseed/seed/rest/rest_run.hpp"'
plant fail src/seed/attic/planted.cpp '#include "pgseed/seed/encode/batch.hpp"'
plant fail src/base/planted.cpp '#include <CLI/CLI.hpp>'
plant fail src/base/planted.cpp '#include <doctest/doctest.h>'
plant fail src/cli/planted.cpp '#include <toml++/toml.h>'
plant fail src/sql/planted.cpp '#include <iconv.h>'
plant fail src/sql/planted.cpp '#include "../rest/api.hpp"'                   # around the tables
plant fail src/sql/planted.cpp '#include "pgseed/unknown/thing.hpp"'
plant pass src/seed/move/stage.cpp '#include "pgseed/pg/session.hpp"'
plant pass src/seed/send/planted.cpp '#include "pgseed/seed/ledger/ledger.hpp"'
plant pass src/seed/input/planted.cpp '#include "pgseed/seed/options.hpp"'
plant pass src/http/client.cpp '#include <curl/curl.h>'
plant pass src/cli/planted_command.cpp '#include "pgseed/migrate/plan.hpp"'
plant pass src/sql/planted.cpp '// #include "pgseed/rest/api.hpp"'

printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
