#!/bin/bash
# Builds the guest "cloud": the sample guest "hello" with Debian's own cloud-init, Python and
# ifupdown, which looks for its data when it boots as a Debian does: ds-identify, then the four
# stages. Made of Debian packages, by any user, without installing any.
#
#   make-cloud.sh [OUT]     prints OUT; default ${XDG_CACHE_HOME:-~/.cache}/bedplate/guest
#
# OUT/cloud.initrd is made anew when this script, hello or a package changed, else left alone.
# Its kernel is OUT/hello.vmlinuz.
set -euo pipefail

here=$(dirname "$0")
out=$("$here/make-hello.sh" "$@")
say() { echo "make-cloud: $*" >&2; }
fail() { say "$*"; exit 1; }

stamp=$( { cat "$0" "$out/hello.key"; stat -c %Y /var/lib/apt/lists; } 2>/dev/null | sha256sum | cut -d' ' -f1)
if [ -s "$out/cloud.initrd" ] && [ "$(cat "$out/cloud.stamp" 2>/dev/null)" = "$stamp" ]; then
    echo "$out"
    exit 0
fi

kernel=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
[ -n "$kernel" ] || fail "apt knows no package linux-image-cloud-amd64: run apt-get update"
# What cloud-init needs, on a machine that has nothing.
wanted=(cloud-init python3 ifupdown isc-dhcp-client passwd util-linux mount bash coreutils hostname tzdata)
mapfile -t packages < <(apt-get -o Dir::State::status=/dev/null --print-uris -qq --no-install-recommends install \
                            "${wanted[@]}" 2>/dev/null | awk '{print $2}' | sed 's/_.*//' | sort -u)
[ ${#packages[@]} -gt 50 ] || fail "apt does not know all of ${wanted[*]}: run apt-get update"

umask 022
work=$(mktemp -d "${TMPDIR:-/tmp}/bedplate-cloud-XXXXXX")
trap 'rm -rf "$work"' EXIT
say "downloading ${#packages[@]} packages and the kernel"
[ "$(id -u)" != 0 ] || chmod 755 "$work"
mkdir "$work/debs" "$work/kernel-deb" "$work/kernel" "$work/guest"
[ "$(id -u)" != 0 ] || chown _apt "$work/debs" "$work/kernel-deb" 2>/dev/null || true
(cd "$work/debs" && apt-get -qq download "${packages[@]}" >&2) || fail "apt-get download failed"
(cd "$work/kernel-deb" && apt-get -qq download "$kernel" >&2) || fail "apt-get download failed"
guest=$work/guest
for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$guest"; done
for deb in "$work"/kernel-deb/*.deb; do dpkg-deb -x "$deb" "$work/kernel"; done

# What it does without: it is unpacked into memory at each boot.
(cd "$guest/usr" && rm -rf share/{doc,man,locale,i18n,info,perl,perl5,lintian,bug,bash-completion} lib/x86_64-linux-gnu/{perl,perl-base,perl5,gconv} \
    lib/python3*/{test,idlelib,lib2to3,ensurepip,distutils} lib/locale sbin/locale-gen)
find "$guest/usr/share/zoneinfo" -mindepth 1 -maxdepth 1 ! -name Europe ! -name UTC ! -name Etc -exec rm -rf {} +
# An emulated processor compiles slowly. The Python here is of the same Debian as the guest's.
/usr/bin/python3 -m compileall -q -s "$guest" "$guest/usr/lib/python3" "$guest"/usr/lib/python3.* >&2 || true
ln -sf "$(cd "$guest/usr/bin" && echo python3.[0-9]*)" "$guest/usr/bin/python3"
# hello has its own of these; those of the packages want PAM to be set up.
rm -f "$guest"/lib64/ld-linux-x86-64.so.2 "$guest"/bin/su "$guest"/sbin/unix_chkpwd "$guest"/usr/sbin/unix_chkpwd "$guest"/usr/bin/perl*
# Scripts of packages call programs by name, where busybox's shell would take its own.
ln -sf bash "$guest/bin/sh"
mkdir -p "$guest/m" "$guest/etc/network/interfaces.d" "$guest/var/lib/dhcp" "$guest/etc/cloud/cloud.cfg.d" "$guest/bin"
for module in scsi_common scsi_mod libata ata_piix cdrom sr_mod isofs af_packet; do
    file=$(find "$work/kernel" -name "$module.ko" -print -quit)
    [ -z "$file" ] || cp "$file" "$guest/m/"
done
echo 'source-directory /etc/network/interfaces.d' > "$guest/etc/network/interfaces"
# What a customization is about. The other modules want a whole Debian around them.
cat > "$guest/etc/cloud/cloud.cfg.d/90_guest.cfg" <<'EOF'
users: []
cloud_init_modules: [bootcmd, write-files, set_hostname, update_hostname, update_etc_hosts, users-groups]
cloud_config_modules: [set-passwords, timezone, runcmd]
cloud_final_modules: [scripts-user, final-message]
EOF
# hello's init calls it: what systemd does in a Debian.
cat > "$guest/bin/early" <<'EOF'
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
for m in scsi_common scsi_mod libata ata_piix cdrom sr_mod isofs af_packet; do insmod /m/$m.ko 2>/dev/null; done
own_network=yes
mkdir -p /run/cloud-init /run/network
touch /etc/fstab
{
    sleep 2                                      # the drive is looked for beside us
    /usr/lib/cloud-init/ds-identify
    cloud-init init --local && ifup -a
    cloud-init init
    cloud-init modules --mode=config
    cloud-init modules --mode=final
    echo "cloud: done"
} >/run/early.log 2>&1 </dev/null &
EOF
say "packing"
find "$guest" -exec touch -h -d @0 {} +
(cd "$guest" && find . -print0 | LC_ALL=C sort -z | cpio --null -o -H newc --quiet --owner=0:0 --reproducible) > "$work/more"
# The kernel unpacks one archive after the other.
cat "$out/hello.initrd" "$work/more" > "$out/cloud.initrd.new"
mv "$out/cloud.initrd.new" "$out/cloud.initrd"
echo "$stamp" > "$out/cloud.stamp"
echo "$out"
