#!/bin/bash
# boot.sh ARCH KERNEL MEGABYTES INITRAMFS…
# Boots the kernel on an emulated machine, with the archives as one initramfs. The console goes to standard output.
# The machine has one processor. With several, qemu often crashes Node, because Node writes code while it runs.
# SELinux gives sockets the security labels that SO_PASSSEC delivers. It has no policy, so it forbids nothing.
# When the process that started boot.sh ends, the kernel kills qemu.
set -euo pipefail
arch=$1 kernel=$2 memory=$3
shift 3
initramfs=$(mktemp)
cat "$@" >"$initramfs"
# qemu reads the file as descriptor 3. So the file is deleted now, and none is left if qemu is killed.
exec 3<"$initramfs"
rm "$initramfs"
case $arch in
  arm64) machine=(qemu-system-aarch64 -machine virt,gic-version=3 -cpu cortex-a72) console=ttyAMA0 ;;
  # Not a newer processor: Node crashes with the vector instructions of qemu 7.2. rdrand makes the boot quick.
  ia32) machine=(qemu-system-i386 -machine pc -cpu Nehalem,+rdrand) console=ttyS0 ;;
esac
exec setpriv --pdeathsig KILL "${machine[@]}" -accel tcg,thread=single -smp 1 -m "$memory" -nodefaults -nographic -no-reboot \
  -serial stdio -kernel "$kernel" -initrd /dev/fd/3 -append "console=$console quiet panic=-1 rdinit=/init security=selinux" </dev/null
