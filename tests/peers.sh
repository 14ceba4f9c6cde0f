#!/bin/sh
# Unpack today's Prometheus, promtool, Alertmanager, node-exporter, Pushgateway and VictoriaMetrics into a folder, for
# tests that compare us with them. Nothing is installed: no service starts, no port is taken.
# They come from Debian's unstable suite through the mirror that this machine already uses, signatures checked.
# usage: peers.sh FOLDER
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)
programs="prometheus promtool prometheus-alertmanager prometheus-node-exporter prometheus-pushgateway victoria-metrics"

missing=""
for program in $programs; do [ -x "$folder/usr/bin/$program" ] || missing="$missing $program"; done
if [ -z "$missing" ]; then echo "peers: all unpacked in $folder/usr/bin"; exit 0; fi
if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
  echo "peers: apt-get and dpkg are needed to unpack$missing; the tests against them will be skipped" >&2
  exit 0
fi

sources=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true)
mirror=$(printf '%s\n' "$sources" | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 | tr -d ' ')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$work/sid.list"

apt() {
  apt-get -o Dir::Etc::SourceList="$work/sid.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work" -o APT::Sandbox::User=root "$@"
}

apt update -qq
cd "$work"
for program in $missing; do
  apt download -qq "$program"
  dpkg -x "$program"_*.deb "$folder"
done
echo "peers: unpacked$missing into $folder/usr/bin"
