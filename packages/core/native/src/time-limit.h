// System calls with a time limit of ours. The kernel's own limits (SO_RCVTIMEO, the argument of recvmmsg(2)) are not used: the
// first would change the caller's socket, and the second is looked at only when a message arrives (recvmmsg(2), BUGS).
#pragma once

#include <errno.h>

#include "syscalls.h"

// Repeats `attempt` until the kernel no longer says EAGAIN, or `timeout` milliseconds are over: then -ETIMEDOUT. `timeout` < 0: one
// plain call. ppoll(2) can call a descriptor ready for which the attempt still gives EAGAIN, as with an addressed datagram to a
// full Unix socket. Then we pause, each time for longer.
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
