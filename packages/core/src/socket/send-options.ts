import { type KnownKeys, keysOf } from "../known-keys.js";

export interface SendOptions {
  /** Ends the wait. Nothing was sent, unless a part of a stream message had already been sent. */
  signal?: AbortSignal;
}

export const SEND_KEYS: KnownKeys = /* @__PURE__ */ keysOf<SendOptions>({ signal: true });

/** The options of a send to which the caller gave none. */
export const NO_SEND_OPTIONS: SendOptions = Object.freeze({});
