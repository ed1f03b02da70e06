#!/bin/bash
# initramfs.sh ROOT DEPENDENCIES INITRAMFS
# ROOT as the first file system of a kernel, with DEPENDENCIES as /repository/node_modules and guest-init as its first
# process. What the tests do not run (documentation, other compilers, build tools) is left out: all of it is held in memory.
set -euo pipefail
root=$(realpath "$1") dependencies=$(realpath "$2") initramfs=$(realpath -m "$3")
here=$(realpath "$(dirname "$0")")
archive() { cpio --null --create --format=newc --quiet --owner=+0:+0; }
{
  cd "$root"
  find . -xdev \( -path './proc/*' -o -path './sys/*' -o -path './dev/*' -o -path './usr/lib/gcc' -o -path './usr/include' \
    -o -path './usr/lib/*/gconv' -o -path './usr/lib/*/perl/*/auto/Encode' -o -path './usr/share/perl/*/pod' \
    -o -name 'libLLVM*' -o -name '*.a' -o -name '*.pod' -o -name '__pycache__' \) -prune -o -print0 | archive
  stage=$(mktemp -d -p "$(dirname "$dependencies")")
  trap 'rm -rf "$stage"' EXIT
  mkdir -p "$stage/repository"
  cp "$here/guest-init" "$stage/init"
  cd "$stage"
  printf '%s\0' ./init ./repository | archive
  cp -al "$dependencies" repository/node_modules # links: cpio has no way to put a folder elsewhere
  find repository/node_modules \( -path '*/typescript' -o -path '*/@biomejs' -o -path '*/@turbo' -o -path '*/turbo' \
    -o -path '*/node-gyp' -o -path '*/node-abi' -o -path '*/@microsoft' -o -path '*/@rushstack' \
    -o -name '*.map' -o -name '*.md' -o -name '.host-esbuild' \) -prune -o -print0 | archive
} >"$initramfs"
