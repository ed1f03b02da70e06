#!/bin/bash
# kernel-modules.sh KERNEL INITRAMFS MODULE…
# The modules and what they depend on, from a folder that debian-kernel.sh made, for modprobe(8); the guest loads those that
# are named at its start. One that the kernel does not have is an error.
set -euo pipefail
kernel=$(realpath "$1") initramfs=$(realpath -m "$2")
shift 2
release=$(ls "$kernel/lib/modules")
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
modules=usr/lib/modules/$release # /lib is a link
if [ $# -gt 0 ]; then
  mkdir -p "$stage/etc" "$stage/$modules"
  printf '%s\n' "$@" >"$stage/etc/modules"
  depmod --basedir "$kernel" "$release"
  files=$(modprobe --config /dev/null --dirname "$kernel" --set-version "$release" --all --show-depends "$@")
  sed -n "s|^insmod $kernel/lib/modules/$release/\([^ ]*\).*|\1|p" <<<"$files" | sort -u |
    tar -c -C "$kernel/lib/modules/$release" --files-from=- | tar -x -C "$stage/$modules"
  cp "$kernel/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$stage/$modules"
  depmod --basedir "$stage/usr" "$release" # of these alone: what the kernel asks for itself is found, too
fi
cd "$stage"
find . -mindepth 1 -print0 | cpio --null --create --format=newc --quiet --owner=+0:+0 >"$initramfs"
