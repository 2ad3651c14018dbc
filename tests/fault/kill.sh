#!/bin/sh
# SIGKILL at random moments under load: kill.sh [ROUNDS [SEED]] (default 12 rounds; 200 for the long run)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${PARVIS_BUILD:-$root/build}
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
set -- "${1:-12}" "${2:-1}"
allocs=$("$build/kill" addresses | sed 's/.*/--alloc &=1000/')
# shellcheck disable=SC2086
"$build/parvis" init --home "$home" --timestamp 1356998400 --quiet $allocs >/dev/null
"$build/kill" "$build/parvis" "$home" "$1" "$2"
