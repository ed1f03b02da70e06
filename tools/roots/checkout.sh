#!/bin/bash
# checkout.sh REPOSITORY: the checkout with what was built in it, as a tar on standard output.
set -euo pipefail
exec tar -c -C "$1" --exclude=node_modules --exclude=./.git --exclude=.turbo --exclude=./packages/core/native/build .
