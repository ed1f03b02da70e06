#!/bin/bash
# checkout.sh REPOSITORY
# Writes the checkout, including what was built in it, to standard output as a tar.
set -euo pipefail
exec tar -c -C "$1" --exclude=node_modules --exclude=./.git --exclude=.turbo --exclude=./packages/core/native/build .
