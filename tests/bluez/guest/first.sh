#!/bin/busybox sh
# shellcheck shell=dash
# The first program of the machine: finds the disk and the shared folder, and hands over.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in virtio_blk crc32c_generic ext4 9pnet_virtio 9p; do
  modprobe "$module"
done
while [ ! -b /dev/vda ]; do
  sleep 0.05
done
mount -t ext4 -o noatime /dev/vda /new
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 share /new/share
for folder in dev proc sys; do
  mount --move "/$folder" "/new/$folder"
done
exec switch_root /new /bin/sh /share/guest/second.sh
