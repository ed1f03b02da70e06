import type { Channel } from "node:diagnostics_channel";
import { diagnosticsChannel } from "./builtins.js";
import { once } from "./once.js";

/**
 * The channels of node:diagnostics_channel on which tracers and metrics libraries see what a program does. docs/debugging.md describes
 * their messages. If nobody has subscribed to a channel, a call only reads `hasSubscribers`. They are made at first use, because
 * Node does not load that module at its start.
 */
export const channels = once(() => {
  const { channel } = diagnosticsChannel();
  return {
    bind: channel("sendmsg:bind"),
    listen: channel("sendmsg:listen"),
    connect: channel("sendmsg:connect"),
    accept: channel("sendmsg:accept"),
    send: channel("sendmsg:send"),
    receive: channel("sendmsg:receive"),
    /** A socket or listener was closed, or has given up its descriptor. */
    close: channel("sendmsg:close"),
  };
});

/**
 * Publishes how a call ends, and returns a promise that settles afterwards as `promise` does. `about`: what is known of the call when
 * it begins. `outcome` returns what it has brought.
 */
export function published<T>(
  to: Channel,
  promise: Promise<T>,
  about: object,
  outcome: (value: T) => object,
): Promise<T> {
  const startTime = performance.now();
  return promise.then(
    (value) => {
      to.publish({ ...about, ...outcome(value), startTime });
      return value;
    },
    (error) => {
      to.publish({ ...about, error, startTime });
      throw error;
    },
  );
}

/** The same for a call that returns at once. If it returns undefined, nothing has happened, and nothing is published. */
export function publishedNow<T>(
  to: Channel,
  call: () => T | undefined,
  about: object,
  outcome: (value: T) => object,
): T | undefined {
  const startTime = performance.now();
  let value: T | undefined;
  try {
    value = call();
  } catch (error) {
    to.publish({ ...about, error, startTime });
    throw error;
  }
  if (value !== undefined) to.publish({ ...about, ...outcome(value), startTime });
  return value;
}

// What the outcomes of calls are named in messages.
export const asSocket = (socket: object): object => ({ socket });
export const asListener = (listener: object): object => ({ listener });
export const asMessage = (message: object): object => ({ message });
export const asMessages = (messages: number): object => ({ messages });
export const asBytesSent = ({ bytes }: { bytes: number }): object => ({ bytesSent: bytes });
export const asNothing = (): object => ({});
