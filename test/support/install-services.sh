#!/usr/bin/env bash
# Installs the services and programs that the tests start themselves (Debian packages), where they are missing; silent when nothing is.
# What it installs is not started, neither now nor at boot. Other packages can be named: those of the benchmarks and of releases are.
set -euo pipefail

declare -A file_of=(
  [redis-server]=redis-server
  [nginx]=nginx
  [libnginx-mod-stream]=/usr/lib/nginx/modules/ngx_stream_module.so
  [openssl]=openssl
  [tmux]=tmux
  [faketime]=faketime
  [zookeeper]=/usr/share/java/zookeeper.jar
  [prometheus]=promtool
  [chromium]=chromium
  [fonts-liberation]=/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf
  [fonts-noto-color-emoji]=/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf
  [fonts-wqy-microhei]=/usr/share/fonts/truetype/wqy/wqy-microhei.ttc
  [lintian]=lintian
  [systemd]=systemd-analyze
  [g++-aarch64-linux-gnu]=aarch64-linux-gnu-g++
  [qemu-user]=qemu-aarch64
  [nats-server]=nats-server
  [mosquitto]=mosquitto
  [mosquitto-clients]=mosquitto_sub
  [ejabberd]=ejabberdctl
)
packages=("$@")
[ $# -gt 0 ] || packages=(
  redis-server zookeeper nginx libnginx-mod-stream openssl tmux faketime prometheus mosquitto-clients
  chromium fonts-liberation fonts-noto-color-emoji fonts-wqy-microhei
)

is_there() {
  case $1 in
    /*) [ -e "$1" ] ;;
    # Debian keeps daemons in sbin, which is not on everybody's PATH.
    *) PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$1" > /dev/null ;;
  esac
}

missing=()
for package in "${packages[@]}"; do
  is_there "${file_of[$package]}" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

refuse() {
  echo "$1" >&2
  echo "These Debian packages are needed, please install them: ${missing[*]}" >&2
  echo "  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
}

command -v apt-get > /dev/null || refuse 'There is no apt-get here.'
as_root=()
if [ "$(id -u)" != 0 ]; then
  sudo -n true 2> /dev/null || refuse 'Installing packages needs root, or sudo without a password.'
  as_root=(sudo -n)
fi

# Maintainer scripts ask this whether they may start a service; 101 means no. What stood there before comes back.
policy=/usr/sbin/policy-rc.d
saved=$(mktemp -d)
restore_policy() {
  "${as_root[@]}" rm -f "$policy"
  if [ -e "$saved/policy-rc.d" ] || [ -L "$saved/policy-rc.d" ]; then
    "${as_root[@]}" mv "$saved/policy-rc.d" "$policy"
  fi
  rm -rf "$saved"
}
trap restore_policy EXIT
trap 'exit 130' INT TERM
if [ -e "$policy" ] || [ -L "$policy" ]; then "${as_root[@]}" mv "$policy" "$saved/policy-rc.d"; fi
printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" > /dev/null
"${as_root[@]}" chmod 755 "$policy"

apt_get() {
  local log="$saved/apt.log"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@" > "$log" 2>&1 || {
    tail -n 30 "$log" >&2
    refuse "apt-get $1 failed, see above."
  }
}

echo "installing: ${missing[*]}"
apt_get update
apt_get install --no-install-recommends "${missing[@]}"

for package in "${missing[@]}"; do
  # The package zookeeper has no service; that is another one, zookeeperd.
  if [ -e "/lib/systemd/system/$package.service" ]; then
    "${as_root[@]}" systemctl disable --quiet "$package" 2> /dev/null || true
  fi
  is_there "${file_of[$package]}" || refuse "$package is installed, but ${file_of[$package]} is not there."
done
