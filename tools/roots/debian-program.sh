#!/bin/bash
# debian-program.sh PACKAGE SUITE FILE OUTPUT
# Takes one file out of a package of another suite, for this machine's architecture.
set -euo pipefail
. "$(dirname "$0")/private-apt.sh"
package=$1 suite=$2 file=$3 output=$(realpath -m "$4")
state=$output.apt
trap 'rm -rf "$state"' EXIT
private_apt "$state" "$(dpkg --print-architecture)" "$suite"
cd "$state"
"${APT[@]}" download "$package"
dpkg-deb --fsys-tarfile ./*.deb | tar -xO "./$file" >"$output"
chmod 755 "$output"
