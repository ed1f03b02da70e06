import { isDebugging } from "../debug-log.js";
import { moveOrigin, stackOf } from "../origin.js";

/**
 * With NODE_DEBUG=sendmsg in the environment, adds the caller's stack to an error. After a wait, the event loop makes the error, so
 * its own stack does not show who called. For the same reason, notes the caller as the origin of the descriptors that the call
 * brings. Taking a stack costs as much as receiving a message, so it is off by default.
 */
export function withCallerStack<T>(promise: Promise<T>, method: (...args: never[]) => unknown): Promise<T> {
  return isDebugging ? addCallerStack(promise, method) : promise;
}

/** What a call can bring: a Message, which has descriptors, or a socket. */
interface Brought {
  readonly fds?: readonly object[];
  readonly pidfd?: object;
}

function addCallerStack<T>(promise: Promise<T>, method: (...args: never[]) => unknown): Promise<T> {
  const stack = stackOf(method);
  const first = stack.split("\n", 1)[0]!;
  return promise.then(
    (value) => {
      if (typeof value === "object" && value !== null) {
        const { fds = [], pidfd } = value as Brought;
        for (const object of [value, ...fds, pidfd]) if (object) moveOrigin(object, stack);
      }
      return value;
    },
    (error: Error) => {
      if (!error.stack?.includes(first)) error.stack += `\n    after a wait that began\n${stack}`;
      throw error;
    },
  );
}
