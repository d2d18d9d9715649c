#!/usr/bin/env bash
# Makes seeds/wkbk_lean.sql, the same 18,985 rows every time.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."
scripts/build.sh generate_wkbk
printf 'making seeds/wkbk_lean.sql\n' >&2
build/generate_wkbk seeds/wkbk_lean.sql
