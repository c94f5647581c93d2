#!/bin/sh
# Makes a small system of the machine, without systemd unless the kernel's command line asks for it,
# and then does what the test asks for.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
case $(cat /proc/cmdline) in *" stretchband.systemd "*) systemd=1 ;; esac
for folder in run tmp root var/lib/bluetooth; do
  mount -t tmpfs tmpfs "/$folder"
done
chmod 1777 /tmp
modprobe -a virtio_net virtio_rng hci_vhci cmac algif_hash algif_skcipher
for port in /sys/class/virtio-ports/vport*; do
  ln -s "/dev/$(basename "$port")" "/run/$(cat "$port/name")"
done
ip link set lo up
ip link set eth0 up
ip address add 10.0.2.15/24 dev eth0
mkdir -p /run/dbus
echo 0123456789abcdef0123456789abcdef > /etc/machine-id
if [ "$systemd" ]; then
  mkdir -p /run/systemd/system/multi-user.target.wants
  cp /share/guest/shell.service /run/systemd/system/
  ln -s ../shell.service /run/systemd/system/multi-user.target.wants/
  cp /share/guest/mosquitto.conf /etc/mosquitto/conf.d/
  exec /usr/lib/systemd/systemd
fi
dbus-daemon --system --fork --nopidfile
mkdir -p /run/stretchband/app
tar -C /run/stretchband/app -xf /share/app.tar
exec /opt/venv/bin/python /share/guest/shell.py /run/shell
