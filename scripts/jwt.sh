#!/usr/bin/env bash
# Prints a JSON Web Token (HS256) for PostgREST: jwt.sh ROLE [EXPIRES] <SECRET
#
# EXPIRES is in seconds since 1970; without it the token does not expire. The secret is read from
# standard input and is 64 characters long: exactly one block of SHA-256, so the HMAC needs no
# padding. The HMAC is spelled out here because openssl takes its key as an argument, where every
# user of the machine could read it.
set -euo pipefail

base64url() { base64 -w0 | tr -d '=' | tr '/+' '_-'; }

sha256() {  # standard input to \xHH escapes for printf %b
  local hex
  read -r hex _ < <(sha256sum)
  printf '%s' "$hex" | sed 's/../\\x&/g'
}

xor_secret() {  # BYTE: the secret with every character xor BYTE, as escapes
  local i code
  for ((i = 0; i < ${#secret}; ++i)); do
    printf -v code '%d' "'${secret:i:1}"
    printf '\\x%02x' $((code ^ $1))
  done
}

[[ ${1:-} =~ ^[A-Za-z0-9_]+$ && ${2:-0} =~ ^[0-9]+$ ]] || {
  echo 'error: usage: jwt.sh ROLE [EXPIRES] <SECRET' >&2
  exit 2
}
IFS= read -r secret || [[ -n $secret ]]
((${#secret} == 64)) || {
  echo 'error: the secret on standard input must have 64 characters' >&2
  exit 2
}
header=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url)
claims=$(printf '{"role":"%s","iss":"pgseed-stack"%s}' "$1" "${2:+,\"exp\":$2}" | base64url)
inner=$({ printf '%b' "$(xor_secret 0x36)" && printf '%s.%s' "$header" "$claims"; } | sha256)
signature=$(printf '%b%b' "$(xor_secret 0x5c)" "$inner" | sha256)
printf '%s.%s.%s\n' "$header" "$claims" "$(printf '%b' "$signature" | base64url)"
