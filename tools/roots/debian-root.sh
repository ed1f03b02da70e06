#!/bin/bash
# debian-root.sh ARCH SUITE FOLDER PACKAGE…
# A root file system of another architecture. The packages and what they depend on are unpacked; no maintainer script
# runs, so neither the architecture's programs nor its emulation are needed to make it.
set -euo pipefail
. "$(dirname "$0")/private-apt.sh"
arch=$1 suite=$2 root=$(realpath -m "$3")
shift 3
state=$root.apt
trap 'rm -rf "$state"' EXIT
private_apt "$state" "$arch" "$suite"
"${APT[@]}" -y --no-install-recommends --download-only install "$@" >/dev/null

mkdir -p "$root"/usr/{bin,sbin,lib} "$root"/{proc,sys,dev,tmp,run,root,etc,var/tmp,repository,results}
chmod 1777 "$root/tmp" "$root/var/tmp"
for folder in bin sbin lib; do ln -sfn usr/$folder "$root/$folder"; done
for package in "$state"/cache/archives/*.deb; do
  # dpkg-deb -x would turn the links bin, sbin and lib into folders.
  dpkg-deb --fsys-tarfile "$package" | tar -xp --keep-directory-symlink -C "$root"
done
basename -a "$state"/cache/archives/*.deb >"$root/etc/packages"
rm -rf "$root"/usr/share/{doc,man,locale,info,zoneinfo,lintian,bash-completion} "$root"/var/{lib,cache}/apt

printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'nobody:x:65534:65534:nobody:/nonexistent:/bin/sh' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >"$root/etc/group"
printf '%s\n' '127.0.0.1 localhost' '::1 localhost ip6-localhost' >"$root/etc/hosts"
for applet in sh basename base64 cat chmod chown chroot cmp cp cpio cut date dd df diff dirname du echo env expr false find \
  grep gunzip gzip head hostname id ifconfig ip kill ln ls mkdir mkfifo mknod mktemp mount mv nc od ping poweroff printf ps \
  pwd readlink realpath rm rmdir sed seq sha256sum sleep sort stat sync tail tar tee test timeout touch tr true umount \
  uname uniq wc which xargs yes; do
  [ -e "$root/usr/bin/$applet" ] || ln -s busybox "$root/usr/bin/$applet"
done
