import { vi } from "vitest";
import { ENOSPC } from "../../src/errno.js";
import { binding } from "../../src/native/load.js";

/**
 * Makes the kernel refuse to watch descriptors, so many times, as if the user had used up fs.epoll.max_user_watches. Returns the
 * function that ends this.
 */
export function refuseToWatch(times = Number.POSITIVE_INFINITY): () => void {
  const native = binding();
  const { watchAdd, watchPoll } = native;
  let refused = 0;
  const adding = vi
    .spyOn(native, "watchAdd")
    .mockImplementation((...args) => (refused++ < times ? -ENOSPC : watchAdd(...args)));
  // If one way to watch is refused, the library tries the other.
  const polling = vi
    .spyOn(native, "watchPoll")
    .mockImplementation((...args) => (refused < times ? -ENOSPC : watchPoll(...args)));
  return () => {
    adding.mockRestore();
    polling.mockRestore();
  };
}
