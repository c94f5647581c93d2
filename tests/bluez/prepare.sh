#!/bin/bash
# What the machine of the deep tests boots from: Debian trixie, its stock kernel, BlueZ, Mosquitto and
# the libraries that FOLDER/needs lists.
#   prepare.sh FOLDER      as root; about a minute and 1 GB, of which 0.7 stay
set -euo pipefail
folder=$1
root=$folder/root
initrd=$folder/initrd
here=$(dirname "$0")

# shellcheck disable=SC2016  # the hook's $1 is not ours
# The hook fetches the kernel with the new system's own apt; unpacking it there would build an initrd
# for a machine that it does not run on.
mmdebstrap --quiet --variant=minbase --mode=root \
  --include=bluez,busybox-static,ca-certificates,cpio,dbus,iproute2,kmod,mosquitto,python3,python3-venv,rfkill,systemd,xz-utils \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --customize-hook='chroot "$1" sh -c "cd /opt && apt-get -qq -o APT::Sandbox::User=root download \$(
    apt-cache depends linux-image-amd64 | sed -n \"s/^ *Depends: //p\" | head -n 1)"' \
  trixie "$root"

dpkg-deb --extract "$root"/opt/linux-image-*.deb "$folder/kernel"
rm "$root"/opt/linux-image-*.deb
cp "$folder"/kernel/boot/vmlinuz-* "$folder/vmlinuz"
modules=$folder/kernel/usr/lib/modules
version=$(basename "$modules"/*)

# The drivers of the virtual machine, Bluetooth, and the ciphers that pairing takes.
mkdir -p "$root/usr/lib/modules"
cp -r "$modules/$version" "$root/usr/lib/modules/"
find "$root/usr/lib/modules" -name '*.ko.xz' -exec unxz {} +
chroot "$root" depmod "$version"
mkdir -p "$folder/wanted"
for name in virtio_blk virtio_net virtio_rng 9p 9pnet_virtio crc32c_generic ext4 hci_vhci cmac \
  algif_hash algif_skcipher; do
  chroot "$root" modprobe --set-version "$version" --show-depends "$name"
done | awk '$1 == "insmod" { print $2 }' | sort -u > "$folder/wanted/files"
while read -r file; do
  file=${file#*/lib/modules/"$version"/}
  install -D -m 644 "$root/usr/lib/modules/$version/$file" "$folder/wanted/$version/$file"
done < "$folder/wanted/files"
cp "$root/usr/lib/modules/$version"/modules.{builtin,builtin.modinfo,order} "$folder/wanted/$version/"
rm -r "$root/usr/lib/modules"
mkdir "$root/usr/lib/modules"
cp -r "$folder/wanted/$version" "$root/usr/lib/modules/"
chroot "$root" depmod "$version"

cp -L /etc/resolv.conf "$root/etc/" 2>/dev/null || true
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
cp "$folder/needs" "$root/opt/"
# A folder of wheels on this machine does not exist in there.
env -u PIP_FIND_LINKS chroot "$root" sh -c "
  python3 -m venv /opt/venv
  /opt/venv/bin/pip --quiet --disable-pip-version-check install --require-hashes --requirement /opt/needs"

# First a root file system from memory that finds the disk, then what the test puts into /share.
mkdir -p "$initrd"/{bin,proc,sys,dev,new,lib}
cp "$root/bin/busybox" "$initrd/bin/"
cp -r "$root/usr/lib/modules" "$initrd/lib/"
install -m 755 "$here/guest/first.sh" "$initrd/init"
mv "$initrd" "$root/tmp/initrd"
chroot "$root" sh -c 'cd /tmp/initrd && find . | cpio --quiet -o -H newc' > "$folder/initrd.img"
rm -r "$root/tmp/initrd"

mkdir -p "$root/share"
megabytes=$(($(du -sm "$root" | cut -f1) * 5 / 4 + 64))
mke2fs -q -t ext4 -O ^has_journal -d "$root" "$folder/disk.img" "${megabytes}M"
rm -r "$root" "$folder/kernel" "$folder/wanted"
