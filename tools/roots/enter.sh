#!/bin/bash
# enter.sh ROOT REPOSITORY DEPENDENCIES RESULTS COMMAND…
# Runs COMMAND in ROOT. There, /repository is a copy of the checkout (in memory), its node_modules is DEPENDENCIES, and /results is
# RESULTS. COMMAND has its own namespaces for mounts and processes, so nothing stays mounted or running.
# When the process that started enter.sh ends, the kernel kills COMMAND and all its processes. A signal would not end COMMAND: it is
# process 1 of its namespace, and the kernel gives such a process only the signals for which it has handlers. See
# pid_namespaces(7). unshare(1) blocks SIGTERM and SIGINT while it waits. So SIGKILL ends unshare, and --kill-child then COMMAND.
set -euo pipefail
if [ "${ENTERED:-}" != yes ]; then
  export ENTERED=yes
  exec setpriv --pdeathsig KILL unshare --mount --pid --ipc --fork --kill-child "$0" "$@"
fi
unset ENTERED
root=$1 repository=$2 dependencies=$3 results=$4
shift 4

mount --make-rprivate /
here=$root
mount --bind "$root" "$here"
mount -o remount,ro,bind "$here"
for folder in tmp run root var/tmp repository; do mount -t tmpfs -o mode=1777 tmpfs "$here/$folder"; done
mount -t proc proc "$here/proc"
mount -t sysfs -o ro sysfs "$here/sys"
mount --bind "$results" "$here/results"

mount -t tmpfs -o mode=755 tmpfs "$here/dev"
for device in null zero full random urandom tty fuse; do
  if [ -e /dev/$device ]; then
    touch "$here/dev/$device"
    mount --bind /dev/$device "$here/dev/$device"
  fi
done
mkdir "$here/dev/shm" "$here/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$here/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$here/dev/pts"
ln -s pts/ptmx "$here/dev/ptmx"
ln -s /proc/self/fd "$here/dev/fd"
for i in 0:stdin 1:stdout 2:stderr; do ln -s /proc/self/fd/${i%:*} "$here/dev/${i#*:}"; done

"$(dirname "$0")/checkout.sh" "$repository" | tar -x -C "$here/repository"
mkdir -p "$here/repository/node_modules"
mount --bind "$dependencies" "$here/repository/node_modules"

cd "$here/repository"
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C TMPDIR=/tmp SENDMSG_TARGET="${SENDMSG_TARGET:-}" \
  chroot "$here" sh -c 'cd /repository && exec "$@"' sh "$@"
