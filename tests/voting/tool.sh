#!/bin/sh
# Puts belenios-tool, the independent verifier, in tests/voting/tool (git-ignored): Debian trixie's
# packages of it and of the libraries it needs, newer than Debian 12's, unpacked there and installed
# nowhere. tests/voting/tool/belenios-tool runs it.
#   sh tests/voting/tool.sh    does nothing when it is there
# Packages come through apt, checked against Debian's keyring, from the mirror that this machine's own
# sources name; the indexes go to a temporary folder and the machine's apt is left as it is.
# Exit code 77: it cannot be had here, and the last line says why.
set -eu
cd "$(dirname "$0")/../.."
into=tests/voting/tool
suite=trixie
version=3.0+dfsg-2 # of the package, written to tool/version
packages='belenios-tool libc6 libev4t64 libgmp10 libsodium23 libssl3t64 zlib1g'
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf '%s\n' "$*" >&2; }
without() {
    say "no belenios-tool: $*; the tests that compare with it are skipped"
    exit 77
}
runs() { "$1/belenios-tool" setup generate-token >/dev/null 2>&1; }

if [ -x $into/belenios-tool ] && runs $into; then exit 0; fi
[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || without 'its packages are taken for amd64 only'
[ -r $keyring ] || without "there is no $keyring (package debian-archive-keyring)"
release=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
# shellcheck disable=SC2016 # apt fills them in
mirror=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Identifier: Packages' |
    awk -v r="$release" '($1 == r || $1 == "stable") && $2 == "main" && $3 ~ /\/debian\/$/ { print $3; exit }')
[ -n "$mirror" ] || without "apt's sources of this machine name no mirror of Debian"

work=$(mktemp -d)
trap 'rm -rf "$work" $into.new' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial"
: >"$work/status"
echo "deb [arch=amd64 signed-by=$keyring] $mirror $suite main" >"$work/sources.list"
cat >"$work/apt.conf" <<END
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$work";
Dir::State::status "$work/status";
Dir::Cache "$work";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Default-Release "";
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
END
apt() { APT_CONFIG=$work/apt.conf apt-get -q -o APT::Update::Error-Mode=any "$@" >"$work/log" 2>&1; }
said() { grep -E '^[EW]:' "$work/log" | head -n 1; }

say "unpacking belenios-tool $version of Debian $suite into $into"
apt update || without "$(said)"
# shellcheck disable=SC2086 # words
(cd "$work/archives" && apt download $packages) || without "$(said)"
rm -rf $into.new
mkdir -p $into.new/root
for package in $packages; do
    dpkg -x "$work/archives/${package}"_*.deb $into.new/root
done
got=$(dpkg-deb -f "$work/archives"/belenios-tool_*.deb Version)
printf '%s\n' "$got" >$into.new/version
[ "$got" = "$version" ] ||
    say "Debian $suite serves belenios-tool $got now; the tests were written against $version"
# LWT_ASYNC_METHOD: without it the tool's `election verify` looks at each ballot in a thread that it does
# not wait for, and accepts false ones at random
cat >$into.new/belenios-tool <<'END'
#!/bin/sh
here=$(dirname "$0")/root/usr
lib=$here/lib/x86_64-linux-gnu
LWT_ASYNC_METHOD=none
export LWT_ASYNC_METHOD
exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$here/bin/belenios-tool" "$@"
END
chmod +x $into.new/belenios-tool
runs $into.new || without "what was unpacked does not run: $($into.new/belenios-tool setup generate-token 2>&1 | tail -n 1)"
rm -rf $into
mv $into.new $into
