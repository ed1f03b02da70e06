// System calls with a time limit. We do not use the kernel's own limits: SO_RCVTIMEO would change the caller's socket, and
// recvmmsg(2) looks at its time limit only when a message arrives (recvmmsg(2), BUGS).
#pragma once

#include <errno.h>

#include "syscalls.h"

// Repeats `attempt` until it gives something else than EAGAIN. Returns -ETIMEDOUT after `timeout` milliseconds. With `timeout` < 0,
// makes one plain call. Even if ppoll(2) says that a descriptor is ready, the attempt can give EAGAIN again, as with an addressed
// datagram to a full Unix socket. Then we pause, each time for longer.
template <typename Attempt>
long Within(int32_t timeout, int fd, short events, Attempt attempt) {
  if (timeout < 0) return attempt(0);
  int64_t deadline = Now() + timeout;
  int pause = 0;
  for (;;) {
    long result = attempt(kernel::kMsgDontWait);
    if (result != -EAGAIN) return result;
    if (pause > 0) {
      int64_t left = deadline - Now();
      if (left <= 0) return -ETIMEDOUT;
      Sleep(pause < left ? pause : static_cast<int>(left));
    }
    int64_t before = Now();
    int ready = WaitFor(fd, events, deadline);
    if (ready <= 0) return ready < 0 ? ready : -ETIMEDOUT;
    pause = Now() > before ? 0 : pause == 0 ? 1 : pause >= 25 ? 50 : pause * 2;
  }
}
