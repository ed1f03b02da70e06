import { util } from "../builtins.js";

const { enabled } = util().debuglog("sendmsg");

/**
 * With NODE_DEBUG=sendmsg in the environment, adds the caller's stack to an error. After a wait, the event loop makes the error, so
 * its own stack does not show who called. Taking a stack costs as much as receiving a message, so it is off by default.
 */
export function withCallerStack<T>(promise: Promise<T>, method: (...args: never[]) => unknown): Promise<T> {
  return enabled ? addCallerStack(promise, method) : promise;
}

function addCallerStack<T>(promise: Promise<T>, method: (...args: never[]) => unknown): Promise<T> {
  const site: { stack?: string } = {};
  Error.captureStackTrace(site, method);
  const lines = site.stack!.split("\n").slice(1);
  return promise.catch((error: Error) => {
    if (!error.stack?.includes(lines[0]!))
      error.stack += `\n    after a wait that began\n${lines.join("\n")}`;
    throw error;
  });
}
