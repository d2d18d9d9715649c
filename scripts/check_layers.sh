#!/usr/bin/env bash
# Checks that the floors of the house hold: check_layers.sh [ROOT]
#
# Every #include of include/pgseed, src and tests below ROOT (default: the project) must stand in the
# tables here: which folder may use which, and which file is the home of which library. Prints
# FILE:LINE and the reason for every other one, and exits 1. CMake cannot do this: libraries of its
# own for the folders still let any system header through.
set -euo pipefail
cd "${1:-${BASH_SOURCE[0]%/*}/..}"

folders=(include/pgseed src)
[[ ! -d tests ]] || folders+=(tests)
# shellcheck disable=SC2016 # awk's dollars
find "${folders[@]}" -type f \( -name '*.hpp' -o -name '*.cpp' -o -name '*.h' \) | sort |
  xargs -r -d '\n' awk '
  BEGIN {
    # Folder -> the folders of pgseed that it may include; its own it always may.
    floors["base"] = ""
    floors["io"] = "base"
    floors["sql"] = "base"
    floors["json"] = "base"
    floors["http"] = "base"
    floors["schema"] = "base"
    floors["rest"] = "http json schema base"
    floors["pg"] = "schema base"
    floors["seed"] = "io sql json http rest schema base"
    floors["migrate"] = "sql pg schema base"
    floors["cli"] = "*"
    floors["main"] = "*"
    floors["tests"] = "*"

    # Room of seed -> the rooms that it may include, what seed itself holds it always may.
    rooms["input"] = ""
    rooms["encode"] = "input"
    rooms["ledger"] = "input encode"
    rooms["order"] = "input encode"
    rooms["move"] = "input encode"
    rooms["send"] = "input encode ledger order move"
    rooms["verify"] = "input encode order send"
    rooms["direct"] = "input encode ledger order move"
    rooms["rest"] = "input encode ledger order move send verify"

    # Beginning of a header -> the only files that may include it. The order is that of the checks.
    n = 0
    header[++n] = "curl/";      home[n] = "^src/http/client\\.cpp$"
    header[++n] = "simdjson";   home[n] = "^src/(json/[^/]+|base/utf8)\\.cpp$"
    header[++n] = "pqxx/";      home[n] = "^src/pg/[^/]+\\.cpp$"
    header[++n] = "libpq";      home[n] = "^src/pg/copy_[^/]+\\.cpp$"
    header[++n] = "CLI/";       home[n] = "^src/(main|cli/[^/]+)\\.cpp$"
    header[++n] = "doctest/";   home[n] = "^tests/"
    header[++n] = "iconv.h";    home[n] = "^src/io/"
    header[++n] = "archive";    home[n] = "^src/io/"
    header[++n] = "zlib.h";     home[n] = "^src/io/gzip_stream\\.cpp$"
    header[++n] = "toml++/";    home[n] = "^src/io/toml\\.cpp$"
    header[++n] = "xxh";        home[n] = "^src/base/content_hash\\.cpp$"
    header[++n] = "openssl/";   home[n] = "^src/base/digest\\.cpp$"
    header[++n] = "pg_query.h"; home[n] = "^tests/"
  }
  # The names that the tables have for the file at hand.
  function folder_of(path,   parts, count) {
    count = split(path, parts, "/")
    if (parts[1] == "tests") return "tests"
    if (path == "src/main.cpp") return "main"
    if (parts[1] == "include") return count > 3 ? parts[3] : ""
    return count > 2 ? parts[2] : ""
  }
  function room_of(path) {
    return match(path, /\/seed\/[a-z]+\//) ? substr(path, RSTART + 6, RLENGTH - 7) : ""
  }
  # Moving staged rows, the direct load and its verification talk to the database themselves.
  function allowed(folder, target) {
    if (floors[folder] == "*" || folder == target) return 1
    if (index(" " floors[folder] " ", " " target " ")) return 1
    return target == "pg" && folder == "seed" && FILENAME ~ /\/(move|direct)\/|\/direct_verify\.[ch]pp$/
  }
  function room_allowed(room, target) {
    if (room == "" || target == "" || room == target) return 1
    return room in rooms && index(" " rooms[room] " ", " " target " ")
  }
  function violation(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text
    found = 1
  }
  FNR == 1 {
    folder = folder_of(FILENAME)
    room = folder == "seed" ? room_of(FILENAME) : ""
    if (!(folder in floors) || (room != "" && !(room in rooms)))
      violation("the folder of this file is in no table of check_layers.sh")
  }
  /^[ \t]*#[ \t]*include[ \t]*[<"]/ && folder in floors {
    name = $0
    sub(/^[^<"]*[<"]/, "", name)
    sub(/[>"].*/, "", name)
    if (name ~ /^pgseed\//) {
      split(name, parts, "/")
      target = parts[2]
      if (!(target in floors)) violation("pgseed has no folder " target)
      else if (!allowed(folder, target)) violation(folder " may not include " target)
      else if (target == "seed" && !room_allowed(room, room_of("/" substr(name, 8))))
        violation("seed/" room " may not include seed/" room_of("/" substr(name, 8)))
    } else if (folder != "tests" && $0 ~ /"[^"]*\//) {
      violation("headers of pgseed are included as \"pgseed/FOLDER/FILE.hpp\"")
    }
    for (i = 1; i <= n; ++i)
      if (index(name, header[i]) == 1 && FILENAME !~ home[i]) violation("this file is no home of <" name ">")
  }
  END { exit found }
  ' || {
  printf 'error: the includes above break the layers of the project\n' >&2
  exit 1
}
