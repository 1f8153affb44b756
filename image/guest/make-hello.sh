#!/bin/bash
# Builds the sample guest "hello": a Linux that boots from memory in seconds, takes an
# address by DHCP, runs the guest agent, heeds the power button, and has a shell on its
# serial port. It is made of Debian packages only, by any user, without installing any.
#
#   make-hello.sh [OUT]     prints OUT; default ${XDG_CACHE_HOME:-~/.cache}/bedplate/guest
#
# OUT/hello.vmlinuz and OUT/hello.initrd are made anew when this script or a package
# changed (OUT/hello.key), else left alone.
set -euo pipefail

out=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/bedplate/guest}
arch=$(dpkg --print-architecture)
say() { echo "make-hello: $*" >&2; }
fail() { say "$*"; exit 1; }
[ "$arch" = amd64 ] || fail "the sample guest is for amd64; this machine is $arch"

# Asking apt takes seconds, so it is asked only when its lists or this script changed.
stamp=$( { cat "$0"; stat -c %Y /var/lib/apt/lists /var/lib/dpkg/status; } 2>/dev/null | sha256sum | cut -d' ' -f1)
made() { [ -s "$out/hello.vmlinuz" ] && [ -s "$out/hello.initrd" ] && [ "$(cat "$out/hello.$1" 2>/dev/null)" = "$2" ]; }
if made stamp "$stamp"; then
    echo "$out"
    exit 0
fi

# The kernel package that linux-image-cloud-amd64 means today.
kernel=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
[ -n "$kernel" ] || fail "apt knows no package linux-image-cloud-amd64: run apt-get update"
# The agent and all that it is linked with; the tools of the system come from busybox.
glib=libglib2.0-0
grep -q '^VERSION_ID="12"' /etc/os-release || glib=libglib2.0-0t64
packages=("$kernel" busybox-static qemu-guest-agent libc6 "$glib" libpcre2-8-0 libudev1 libnuma1 liburing2)
versions=$(apt-cache show --no-all-versions "${packages[@]}" | grep -E '^(Package|Version):')
[ "$(echo "$versions" | grep -c ^Version)" = ${#packages[@]} ] || fail "apt does not know all of ${packages[*]}: run apt-get update"
key=$( { cat "$0"; echo "$versions"; } | sha256sum | cut -d' ' -f1)
if made key "$key"; then
    echo "$stamp" > "$out/hello.stamp"
    echo "$out"
    exit 0
fi

mkdir -p "$out"
umask 022                                        # users other than root go through its folders
work=$(mktemp -d "${TMPDIR:-/tmp}/bedplate-hello-XXXXXX")
trap 'rm -rf "$work"' EXIT
say "downloading ${#packages[@]} packages"
# As root apt downloads as its own user, who must be able to write here.
[ "$(id -u)" != 0 ] || chmod 755 "$work"
mkdir "$work/debs" "$work/root" "$work/guest"
[ "$(id -u)" != 0 ] || chown _apt "$work/debs" 2>/dev/null || true
(cd "$work/debs" && apt-get -qq download "${packages[@]}" >&2) || fail "apt-get download failed"
for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$work/root"; done

root=$work/root guest=$work/guest
mkdir -p "$guest"/{bin,dev,etc,lib,lib64,m,proc,run,sys,tmp,root} "$guest/usr/share/udhcpc"
find_one() { find "$root" -name "$1" -print -quit; }
install -m755 "$(find "$root" -path '*bin/busybox' -print -quit)" "$guest/bin/busybox"
for tool in sh mount insmod ip cat ls ps top free dmesg uname hostname ping wget poweroff reboot halt vi grep sed awk \
            sleep echo df du dd date id kill ifconfig route nc ttysize stty clear \
            su mktemp mv cp rm mkdir rmdir chmod chown chgrp touch stat readlink tr head tail env setsid wc od find sort \
            sync true false test whoami md5sum sha256sum; do
    ln -s busybox "$guest/bin/$tool"
done
# Debian's poweroff is called by its path.
mkdir -p "$guest/sbin" && for tool in poweroff reboot halt shutdown; do ln -sf /bin/down "$guest/sbin/$tool"; done
ln -s /bin/busybox "$guest/sbin/hwclock"           # without it the agent does not set the time

# What this kernel has built in, or lacks (e1000), is passed over. Which of virtio and
# virtio_ring comes first differs by kernel: init tries what failed once more.
order=""
for module in virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_console failover net_failover \
              virtio_net vmxnet3 mii e1000 e1000e button evdev; do
    file=$(find_one "$module.ko")
    [ -n "$file" ] || continue
    cp "$file" "$guest/m/"
    order="$order $module"
done
install -m755 "$(find "$root" -path '*bin/qemu-ga' -print -quit)" "$guest/bin/qemu-ga"
for library in ld-linux-x86-64.so.2 libc.so.6 libm.so.6 libglib-2.0.so.0 libgmodule-2.0.so.0 libpcre2-8.so.0 libudev.so.1 \
               libnuma.so.1 liburing.so.2; do
    file=$(find_one "$library")
    [ -n "$file" ] || fail "no package brought $library"
    cp -L "$file" "$guest/lib/$library"
done
ln -s ../lib/ld-linux-x86-64.so.2 "$guest/lib64/ld-linux-x86-64.so.2"

cat > "$guest/etc/os-release" <<'EOF'
ID=bedplate-hello
NAME="Bedplate sample guest"
PRETTY_NAME="Bedplate sample guest (Debian kernel, busybox)"
VERSION_ID=1
VERSION="1"
EOF
echo hello > "$guest/etc/hostname"
# One who may be logged in as by guest operations: guest, with the password "hello guest".
mkdir -p "$guest/home/guest" "$guest/var/tmp"
cat > "$guest/etc/passwd" <<'EOF'
root:x:0:0:root:/root:/bin/sh
guest:x:1000:1000:guest:/home/guest:/bin/sh
EOF
printf 'root:x:0:\nguest:x:1000:\n' > "$guest/etc/group"
hash=$(printf 'hello guest\n' | "$guest/bin/busybox" mkpasswd -P 0 -m sha512 -S bedplatehello)
printf 'root:*:19000:0:99999:7:::\nguest:%s:19000:0:99999:7:::\n' "$hash" > "$guest/etc/shadow"

cat > "$guest/usr/share/udhcpc/default.script" <<'EOF'
#!/bin/sh
case $1 in
deconfig) ip addr flush dev $interface; ip link set $interface up ;;
bound|renew)
    ip addr flush dev $interface
    ip addr add $ip/${mask:-24} dev $interface
    for r in $router; do ip route add default via $r dev $interface; break; done
    : > /etc/resolv.conf
    for d in $dns; do echo "nameserver $d" >> /etc/resolv.conf; done
    [ "$1" = renew ] || { echo "hello: $interface has address $ip" | tee_consoles; } ;;
esac
EOF
cat > "$guest/bin/tee_consoles" <<'EOF'
#!/bin/sh
while read -r line; do
    for c in /dev/ttyS0 /dev/tty0; do [ -c $c ] && echo "$line" > $c; done
done 2>/dev/null
EOF
# What guest-shutdown calls: shutdown -h -P +0, shutdown -h -r +0.
cat > "$guest/bin/down" <<'EOF'
#!/bin/sh
how=poweroff
case "${0##*/} $*" in reboot*|*-r*) how=reboot ;; esac
echo "hello: $how" | tee_consoles
busybox sync
exec busybox $how -f
EOF
cat > "$guest/init" <<EOF
#!/bin/sh
export PATH=/bin:/sbin HOME=/root
modules="$order"
EOF
cat >> "$guest/init" <<'EOF'
mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs run /run
late=""
for m in $modules; do insmod /m/$m.ko 2>/dev/null || late="$late $m"; done
for m in $late; do insmod /m/$m.ko 2>/dev/null; done
hostname "$(cat /etc/hostname)"
chmod 1777 /tmp /var/tmp; chown -R 1000:1000 /home/guest; chmod 600 /etc/shadow
echo 0 > /proc/sys/kernel/printk
echo "hello: Linux $(uname -r) is up after $(cut_uptime) s" | tee_consoles
ip link set lo up
own_network=""                                   # what is made of this guest may see to its own
[ ! -f /bin/early ] || . /bin/early
for n in /sys/class/net/*; do
    n=${n##*/}
    [ $n = lo ] || [ -n "$own_network" ] || { ip link set $n up; busybox udhcpc -s /usr/share/udhcpc/default.script -i $n -b -S -t 5 -T 1 -A 5 >/dev/null 2>&1 & }
done
for p in /sys/class/virtio-ports/*; do
    [ "$(cat $p/name 2>/dev/null)" = org.qemu.guest_agent.0 ] || continue
    mkdir -p /var/run /run/ga
    qemu-ga -d -m virtio-serial -p /dev/${p##*/} -t /run/ga -f /run/ga.pid -l /run/ga.log
done
for d in /dev/input/event*; do
    # Keys come from keyboards, too: only the button that is named so is the power button.
    [ -c $d ] && grep -q 'Power Button' /sys/class/input/${d##*/}/device/name 2>/dev/null &&
        { dd if=$d of=/dev/null bs=24 count=1 2>/dev/null && down & }
done
while :; do
    busybox setsid sh -c 'exec sh -l </dev/ttyS0 >/dev/ttyS0 2>&1' &
    serial=$!
    busybox setsid sh -c 'exec sh -l </dev/tty1 >/dev/tty1 2>&1' &
    wait $serial
done
EOF
cat > "$guest/bin/cut_uptime" <<'EOF'
#!/bin/sh
read -r up rest < /proc/uptime; echo "$up"
EOF
chmod 755 "$guest/init" "$guest/bin/tee_consoles" "$guest/bin/down" "$guest/bin/cut_uptime" \
          "$guest/usr/share/udhcpc/default.script"

say "packing"
# The same packages give the same bytes. Not compressed: unpacking costs an emulated
# processor more than reading memory.
find "$guest" -exec touch -h -d @0 {} +
(cd "$guest" && find . -print0 | LC_ALL=C sort -z | cpio --null -o -H newc --quiet --owner=0:0 --reproducible) > "$work/initrd"
install -m644 "$(find "$root/boot" -name 'vmlinuz-*' -print -quit)" "$out/hello.vmlinuz.new"
install -m644 "$work/initrd" "$out/hello.initrd.new"
mv "$out/hello.vmlinuz.new" "$out/hello.vmlinuz"
mv "$out/hello.initrd.new" "$out/hello.initrd"
echo "$key" > "$out/hello.key"
echo "$stamp" > "$out/hello.stamp"
echo "$out"
