/**
 * System calls with a time limit. The kernel's own limits do not help: SO_RCVTIMEO would change the caller's socket, and recvmmsg(2)
 * looks at its time limit only when a message arrives (recvmmsg(2), BUGS).
 */

import { MSG_DONTWAIT } from "../constants/message-flags.js";
import { EAGAIN, EINTR, ETIMEDOUT } from "../errno.js";
import { binding } from "../native/load.js";
import { longerPause, SHORTEST_PAUSE } from "../timers.js";
import { milliseconds } from "./clock.js";

/** poll(2), include/uapi/asm-generic/poll.h */
export const POLLIN = 0x1;
export const POLLOUT = 0x4;

/** Whole milliseconds until then, rounded up. Rounded down, the last millisecond would be spent without a pause. */
const until = (deadline: number) => Math.max(0, Math.ceil(deadline - milliseconds()));

/** Waits until the descriptor has one of the events. Returns -ETIMEDOUT at the deadline. */
function readyBy(deadline: number, fd: number, events: number): number {
  for (;;) {
    const left = until(deadline);
    const ready = binding().poll(fd, events, left);
    if (ready === 0 || (ready === -EINTR && left === 0)) return -ETIMEDOUT;
    if (ready !== -EINTR) return ready;
  }
}

/**
 * Repeats `attempt`, which makes a call with these flags, until its result is not EAGAIN. Returns -ETIMEDOUT after `timeout`
 * milliseconds. With `timeout` < 0, makes one plain call.
 *
 * Even if ppoll(2) says that the descriptor is ready, the next attempt can give EAGAIN, as with an addressed datagram to a full
 * Unix socket. Then this pauses, each time for longer.
 */
export function retryUntilTimeout(
  timeout: number,
  fd: number,
  events: number,
  attempt: (flags: number) => number,
): number {
  if (timeout < 0) return attempt(0);
  const deadline = milliseconds() + timeout;
  let pause = 0;
  for (;;) {
    const result = attempt(MSG_DONTWAIT);
    if (result !== -EAGAIN) return result;
    if (pause > 0) {
      const left = until(deadline);
      if (left === 0) return -ETIMEDOUT;
      // ppoll(2) ignores a negative descriptor, so this only waits.
      binding().poll(-1, 0, Math.min(pause, left));
    }
    const before = milliseconds();
    const ready = readyBy(deadline, fd, events);
    if (ready < 0) return ready;
    const waited = milliseconds() - before >= SHORTEST_PAUSE;
    pause = waited ? 0 : longerPause(pause);
  }
}

/** Like {@link retryUntilTimeout}, for a call that has no MSG_DONTWAIT: makes an attempt only when the descriptor is readable. */
export function onceReadable(timeout: number, fd: number, attempt: () => number): number {
  if (timeout < 0) return attempt();
  const deadline = milliseconds() + timeout;
  for (;;) {
    const ready = readyBy(deadline, fd, POLLIN);
    if (ready < 0) return ready;
    const result = attempt();
    if (result !== -EAGAIN) return result;
  }
}
