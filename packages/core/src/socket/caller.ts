import { util } from "../builtins.js";

const { enabled } = util().debuglog("sendmsg");

/**
 * An error that comes after a wait is made when the event loop calls, and its stack does not say who waits. With NODE_DEBUG=sendmsg in the
 * environment it does. To take a stack costs as much as to receive a message, so it is not done otherwise.
 */
export function namingCaller<T>(promise: Promise<T>, method: (...args: never[]) => unknown): Promise<T> {
  return enabled ? named(promise, method) : promise;
}

function named<T>(promise: Promise<T>, method: (...args: never[]) => unknown): Promise<T> {
  const site: { stack?: string } = {};
  Error.captureStackTrace(site, method);
  const lines = site.stack!.split("\n").slice(1);
  return promise.catch((error: Error) => {
    if (!error.stack?.includes(lines[0]!))
      error.stack += `\n    after a wait that began\n${lines.join("\n")}`;
    throw error;
  });
}
