# shellcheck shell=sh
# Sourced by the scripts of this folder: where the project is, and how to speak.
set -eu
# shellcheck disable=SC2034 # for the scripts that source this
started_in=$(pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
say() { printf '%s\n' "$*" >&2; }
die() {
    say "$(basename "$0"): $*"
    exit 1
}
# as_root COMMAND...: directly when root, else through sudo
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}
# shellcheck disable=SC2034 # for the scripts that source this
jobs=$(nproc 2>/dev/null || echo 2)
# full_path PATH: as the user meant it, from where the script was called
full_path() {
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$started_in/$1" ;;
    esac
}
