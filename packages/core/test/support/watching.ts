import { vi } from "vitest";
import { ENOSPC } from "../../src/errno.js";
import { binding } from "../../src/native/load.js";

/**
 * What epoll_ctl(2) says once the user has used up fs.epoll.max_user_watches: to so many descriptors that are to be watched, by
 * whichever way. Returns what ends it.
 */
export function refuseToWatch(times = Number.POSITIVE_INFINITY): () => void {
  const native = binding();
  const { watchAdd, watchPoll } = native;
  let refused = 0;
  const adding = vi
    .spyOn(native, "watchAdd")
    .mockImplementation((...args) => (refused++ < times ? -ENOSPC : watchAdd(...args)));
  // Where this refuses, the library goes on to the other.
  const polling = vi
    .spyOn(native, "watchPoll")
    .mockImplementation((...args) => (refused < times ? -ENOSPC : watchPoll(...args)));
  return () => {
    adding.mockRestore();
    polling.mockRestore();
  };
}
