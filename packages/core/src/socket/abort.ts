import { checkSignal } from "../arguments.js";
import { AbortError } from "../errors.js";
import { type KnownKeys, keysOf } from "../known-keys.js";

/** The keys of options that have a signal and nothing else. */
export const SIGNAL_KEYS: KnownKeys = /* @__PURE__ */ keysOf<{ signal?: AbortSignal }>({ signal: true });

/** Checks the signal that a caller gave. @throws AbortError if it is already aborted. */
export function checkNotAborted(signal: unknown): AbortSignal | undefined {
  const checked = checkSignal("options.signal", signal);
  if (checked?.aborted) throw new AbortError(checked);
  return checked;
}

/**
 * Callbacks by signal. All callbacks of a signal share one listener, because Node warns when a signal gets its eleventh listener.
 */
const aborting = new WeakMap<AbortSignal, Set<(error: AbortError) => void>>();

/** Calls `onAbort` when the signal aborts. Returns a function that cancels this. */
export function listenForAbort(
  signal: AbortSignal | undefined,
  onAbort: (error: AbortError) => void,
): (() => void) | undefined {
  if (signal === undefined) return undefined;
  if (signal.aborted) {
    // No event will come. A getter of the caller's can have aborted it since we checked.
    onAbort(new AbortError(signal));
    return undefined;
  }
  let callbacks = aborting.get(signal);
  if (callbacks === undefined) {
    callbacks = new Set();
    aborting.set(signal, callbacks);
  }
  const own = callbacks;
  if (own.size === 0) signal.addEventListener("abort", abortAll);
  own.add(onAbort);
  return () => {
    if (own.delete(onAbort) && own.size === 0) signal.removeEventListener("abort", abortAll);
  };
}

function abortAll(this: AbortSignal): void {
  for (const onAbort of aborting.get(this) ?? []) onAbort(new AbortError(this));
}
