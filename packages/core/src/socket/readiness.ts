import { type FileDescriptor, releaseWithToken } from "../descriptor.js";
import { systemError } from "../errors.js";
import {
  EVENT_BITS,
  EVENT_COUNT,
  EVENT_GENERATION,
  EVENT_NUMBERS,
  EVENT_SLOT,
  EVENTS_KEEP_ALIVE,
  FINISHED_SLOT,
} from "../native/binding.js";
import { binding } from "../native/load.js";
import { withReason, withShortage } from "../reasons/reasons.js";
import { WATCH } from "../reasons/watch.js";
import { isBun, isDeno } from "../runtime.js";
import { clearTimeout, setTimeout } from "../timers.js";
import { forEachIndex } from "./each.js";
import { loopWentRound } from "./fairness.js";

// epoll_ctl(2), include/uapi/linux/eventpoll.h
export const EPOLLIN = 0x1;
export const EPOLLPRI = 0x2;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;

/** Learns when a descriptor has become ready. The event loop calls it, between system calls, and never from user code. */
export interface Watcher {
  onReady(events: number): void;
}

/** The key by which readiness knows a descriptor. */
export interface Registration {
  readonly slot: number;
  readonly generation: number;
  readonly fd: number;
  /** libuv watches the descriptor, level-triggered. Otherwise our epoll instance does, edge-triggered. */
  polled: boolean;
}

// One registry per environment, because each worker thread has its own copy of this module.
const watchers: (Watcher | undefined)[] = [];
const generations: number[] = [];
const freeSlots: number[] = [];
/** By token: what to do when a thread has finished a close or a call. */
const unfinished = new Map<number, () => void>();
const finished = new Int32Array(64);
let batch: Int32Array | undefined;
let lastToken = 0;
let waits = 0;
let turn = 0;

// Bun and Deno export libuv's symbols, but calling one kills the process. There, a thread of the native layer waits instead.
const withoutLibuv = isBun || isDeno;

/** Identifies the turn of the event loop in which events are being reported. Undefined outside of such a turn. */
export function turnOfEvents(): number | undefined {
  return batch !== undefined && batch[EVENT_COUNT] !== 0 ? turn : undefined;
}

function onReady(): void {
  const count = batch![EVENT_COUNT]!;
  turn++;
  loopWentRound();
  // The registrations are edge-triggered, so an event that we skip never comes again.
  if (count === 1) tell(0);
  else forEachIndex(count, tell);
}

function tell(i: number): void {
  const at = EVENT_NUMBERS * i;
  const slot = batch![at + EVENT_SLOT]!;
  if (slot === FINISHED_SLOT) settleFinished();
  // The event may belong to an earlier registration of this slot.
  else if (generations[slot] === batch![at + EVENT_GENERATION])
    watchers[slot]?.onReady(batch![at + EVENT_BITS]!);
}

function nextToken(): number {
  lastToken = lastToken === 0x7fffffff ? 1 : lastToken + 1;
  return lastToken;
}

function settleFinished(): void {
  const native = binding();
  for (;;) {
    const count = native.takeFinished(finished);
    forEachIndex(count, (i) => unfinished.get(finished[i]!)?.());
    if (count < finished.length) return;
  }
}

/** Creates what waiting needs, once. @throws `EMFILE`, … */
export function prepare(): void {
  if (batch !== undefined) return;
  const started = binding().watch(onReady, withoutLibuv || process.env.SENDMSG_READINESS === "thread");
  if (typeof started === "number") throw withShortage(systemError(started, "epoll_create1"));
  batch = started;
}

/**
 * Whether libuv watches the sockets that we make. That is faster, but no other process may make such a descriptor blocking: see
 * {@link Registration.polled}.
 */
export const canPoll = !withoutLibuv && !/^(epoll|thread)$/.test(process.env.SENDMSG_READINESS ?? "");

function register(
  fd: number,
  watcher: Watcher,
  start: (slot: number, generation: number) => number,
): Registration {
  prepare();
  const slot = freeSlots.pop() ?? watchers.length;
  const generation = ((generations[slot] ?? 0) + 1) & 0x3fffffff;
  const result = start(slot, generation);
  if (result < 0) {
    freeSlots.push(slot);
    watchers[slot] = undefined;
    throw withReason(systemError(result, "epoll_ctl"), WATCH, undefined);
  }
  watchers[slot] = watcher;
  generations[slot] = generation;
  return { slot, generation, fd, polled: false };
}

/** Registers a descriptor for all events, edge-triggered, until {@link unwatch}. */
export function watch(fd: number, watcher: Watcher): Registration {
  return register(fd, watcher, (slot, generation) => binding().watchAdd(fd, slot, generation));
}

/**
 * Makes libuv watch a descriptor for EPOLLIN, EPOLLOUT or both, level-triggered. libuv does not watch a number twice, and other
 * code may already have it watched. Then we register the descriptor edge-triggered, like any other.
 */
export function watchPolled(fd: number, watcher: Watcher, events: number): Registration {
  let polled = true;
  const registration = register(fd, watcher, (slot, generation) => {
    if (binding().watchPoll(fd, slot, generation, events) === 0) return 0;
    polled = false;
    return binding().watchAdd(fd, slot, generation);
  });
  registration.polled = polled;
  return registration;
}

/** Changes the events that libuv reports. 0: none. */
export function pollFor({ fd, slot, generation }: Registration, events: number): void {
  const result = binding().watchPoll(fd, slot, generation, events);
  if (result < 0) throw withReason(systemError(result, "epoll_ctl"), WATCH, undefined);
}

/**
 * From now on the descriptor is watched edge-triggered. Events that already hold are reported once more. If this fails, nothing
 * changes.
 */
export function stopPolling(fd: number, registration: Registration): void {
  const { slot, generation } = registration;
  const result = binding().watchAdd(fd, slot, generation);
  if (result < 0) throw withReason(systemError(result, "epoll_ctl"), WATCH, undefined);
  binding().watchUnpoll(registration.fd, slot, generation);
  registration.polled = false;
}

/**
 * Must come before close(2): while another descriptor of the file is open, its events would still arrive. `isOpen`: the number
 * still belongs to the file.
 */
export function unwatch(isOpen: boolean, { fd, slot, generation, polled }: Registration): void {
  if (generations[slot] !== generation || watchers[slot] === undefined) return;
  if (polled) binding().watchUnpoll(fd, slot, generation);
  else if (isOpen) binding().watchRemove(fd);
  watchers[slot] = undefined;
  freeSlots.push(slot);
}

/** A call begins to wait, and keeps the process alive. */
export function beginWait(): void {
  prepare();
  if (waits++ === 0) keepAlive(true);
}

export function endWait(): void {
  if (--waits === 0) keepAlive(false);
}

function keepAlive(on: boolean): void {
  batch![EVENTS_KEEP_ALIVE] = on ? 1 : 0;
  // While events are reported, one wait often ends and the next begins. The native layer checks the position once, afterwards.
  if (batch![EVENT_COUNT] === 0) binding().watchRef(on);
}

/**
 * How many milliseconds we wait for a close(2). The socket's queue can hold descriptors that a peer sent, and the peer can make
 * closing them last for seconds (or for ever, with FUSE). Neither an `await using` nor the end of the process may wait for that.
 */
export const LONGEST_CLOSE = 250;

/** Closes the descriptor in another thread. The promise settles when close(2) has returned, or after {@link LONGEST_CLOSE}. */
export function closeAndWait(descriptor: FileDescriptor): Promise<void> {
  prepare();
  const token = nextToken();
  if (!releaseWithToken(descriptor, token)) return Promise.resolve();
  return new Promise((resolve) => {
    beginWait();
    const timer = setTimeout(() => unfinished.get(token)?.(), LONGEST_CLOSE).unref();
    unfinished.set(token, () => {
      unfinished.delete(token);
      clearTimeout(timer);
      endWait();
      resolve();
    });
  });
}

/** Closes the descriptor in another thread. `onClosed` is called when close(2) has returned. Nothing waits for it. */
export function closeOffLoop(descriptor: FileDescriptor, onClosed: () => void): void {
  prepare();
  const token = nextToken();
  if (!releaseWithToken(descriptor, token)) {
    onClosed();
    return;
  }
  unfinished.set(token, () => {
    unfinished.delete(token);
    onClosed();
  });
}

/**
 * Makes a thread call a function of the kernel that could wait for another process. `start` is one of the binding's `start…`
 * functions. `onEnd` runs when the call has returned, and takes its result. The call itself does not keep the process alive. A wait
 * for it does.
 *
 * @returns what `start` returns: 0, or a negative errno.
 */
export function callOffLoop(start: (token: number) => number, onEnd: (token: number) => void): number {
  prepare();
  const token = nextToken();
  const result = start(token);
  if (result < 0) return result;
  unfinished.set(token, () => {
    unfinished.delete(token);
    onEnd(token);
  });
  return result;
}
