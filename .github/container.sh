#!/bin/sh
# container.sh COMMAND…
# Runs COMMAND in a container of $IMAGE for $PLATFORM: in the checkout, with Debian's $PACKAGES installed, if any are named.
set -eu
exec docker run --rm --platform "$PLATFORM" --volume "$PWD:/sendmsg" --workdir /sendmsg --env PACKAGES="${PACKAGES:-}" "$IMAGE" \
  sh -euc 'if [ -n "$PACKAGES" ]; then
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $PACKAGES >/dev/null
  fi
  exec "$@"' sh "$@"
