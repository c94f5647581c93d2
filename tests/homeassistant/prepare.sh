#!/bin/bash
# Home Assistant 2026.2.3 on Debian trixie's Python in a chroot: about 2 minutes once, 1.6 GB.
#   prepare.sh FOLDER      as root; does only what is missing
set -euo pipefail
HOME_ASSISTANT=2026.2.3
folder=$1 root=$1/root

mkdir -p "$folder"
if ! command -v mmdebstrap >/dev/null; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap
fi
if [ ! -x "$root/usr/bin/python3" ]; then
  mmdebstrap --quiet --variant=minbase --mode=root \
    --include=python3,python3-venv,python3-dev,gcc,g++,libffi-dev,libssl-dev,ca-certificates,git,libturbojpeg0 \
    trixie "$root"
fi
cp -L /etc/resolv.conf "$root/etc/" 2>/dev/null || true
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
mountpoint -q "$root/dev" || mount --bind /dev "$root/dev"
if [ ! -x "$root/ha/bin/hass" ]; then
  # A folder of wheels on this machine does not exist in there.
  env -u PIP_FIND_LINKS chroot "$root" sh -c \
    "python3 -m venv /ha && /ha/bin/pip --quiet install homeassistant==$HOME_ASSISTANT paho-mqtt==2.1.0"
fi
