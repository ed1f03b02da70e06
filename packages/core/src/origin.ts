import { isDebugging } from "./debug-log.js";

/** The place in the program where it received, made or adopted a descriptor. */
export interface Origin {
  /** The stack of the call, without its first line. */
  stack: string;
}

/** The origins of descriptors, endpoints and sockets. Empty unless NODE_DEBUG has "sendmsg" in it. */
const origins = new WeakMap<object, Origin>();

type Callable = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

/** The stack of the call of `method`: the lines that name the caller, and the caller's callers. */
export function stackOf(method: Callable): string {
  const site: { stack?: string } = {};
  Error.captureStackTrace(site, method);
  return site.stack!.split("\n").slice(1).join("\n");
}

/** Notes that the program got the object by the call of `method`. Taking a stack is slow, so call this only while debugging. */
export function noteOrigin(object: object, method: Callable): void {
  origins.set(object, { stack: stackOf(method) });
}

/** Both objects have one origin: a later {@link moveOrigin} of one moves the other too. */
export function shareOrigin(object: object, from: object): void {
  origins.set(object, origins.get(from)!);
}

/** The object came from a call that began there, before a wait. */
export function moveOrigin(object: object, stack: string): void {
  const origin = origins.get(object);
  if (origin) origin.stack = stack;
}

export const originOf = (object: object): Origin | undefined => origins.get(object);

let hinted = false;

/** Warns that the garbage collector has closed a descriptor. */
export function warnOfCollected(message: string, origin: Origin | undefined): void {
  let detail: string | undefined;
  if (origin) detail = `The program got it here:\n${origin.stack}`;
  else if (!hinted && !isDebugging) detail = "Run with NODE_DEBUG=sendmsg to see where the program got it";
  hinted = true;
  process.emitWarning(message, { code: "SENDMSG_FD_COLLECTED", ...(detail !== undefined && { detail }) });
}
