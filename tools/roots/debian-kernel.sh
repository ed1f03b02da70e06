#!/bin/bash
# debian-kernel.sh ARCH METAPACKAGE SUITE FOLDER
# Unpacks the kernel that METAPACKAGE stands for: FOLDER/boot/vmlinuz-… and its modules.
set -euo pipefail
. "$(dirname "$0")/private-apt.sh"
arch=$1 metapackage=$2 suite=$3 folder=$(realpath -m "$4")
state=$folder.apt
trap 'rm -rf "$state"' EXIT
private_apt "$state" "$arch" "$suite"
package=$("${APT_CACHE[@]}" depends "$metapackage" | sed -n 's/.*Depends: \(linux-image-[^:]*\).*/\1/p' | head -n 1)
cd "$state"
"${APT[@]}" download "$package"
mkdir -p "$folder"
dpkg-deb -x ./*.deb "$folder"
