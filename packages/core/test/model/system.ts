import { expect } from "vitest";
import { MSG_PEEK } from "../../src/constants/index.js";
import type { Descriptor, Message, MessageSocket } from "../../src/index.js";
import { turn } from "../support/waiting.js";

// Two connected sockets, a record of all calls and their results, and the conditions that the record must fulfil.

/** Makes the sockets of a run. */
export interface Transport {
  name: string;
  type: "stream" | "seqpacket" | "dgram";
  /** Messages may get lost when the receiver is slow: UDP. */
  lossy: boolean;
  passesFiles: boolean;
  /** The longest message that always has room if no other is queued. Absent: every message of these tests has. */
  alwaysFits?: number;
  /** Whether a closed socket's peer receives the end of the stream. */
  tellsEnd: boolean;
  open(): Promise<[MessageSocket, MessageSocket]>;
  /** Something to send: file 0, 1 or 2. */
  file(index: number): { sendable: never; close(): void };
  /** The number of the file that a received descriptor has. */
  indexOf(descriptor: Descriptor): number;
  /** Detaches the descriptor and makes a new socket of it. Absent: these sockets have no descriptors. */
  moved?(socket: MessageSocket): MessageSocket;
}

interface Sent {
  readonly id: number;
  readonly data: Buffer;
  readonly files: readonly number[];
  readonly abort: AbortController;
  state: "waits" | "gone" | "failed";
  /** The `bytesSent` of a failed send's error. */
  bytesSent: number;
}

interface Received {
  readonly data: Buffer;
  readonly files: readonly number[];
  readonly dropped: number;
  readonly eof: boolean;
  readonly peeked: boolean;
}

interface Wait {
  readonly abort: AbortController;
  done: boolean;
}

/** The errors of a send or a receive whose peer has closed or shut down. */
const ENDED = [
  "EPIPE",
  "ECONNRESET",
  "ECONNREFUSED",
  "ENOTCONN",
  "ABORT_ERR",
  "ERR_SENDMSG_CLOSED",
  "ERR_INVALID_STATE",
];

/** Waits until the condition holds. After this long it never will. */
const FOREVER = 10_000;

class End {
  socket: MessageSocket;
  readonly sent: Sent[] = [];
  readonly received: Received[] = [];
  readonly waits: Wait[] = [];
  closed = false;
  ended = false;
  /** It has received the end of the stream, or an error that ends it. */
  over = false;
  /** A datagram socket has sent to a peer that is gone. The kernel then empties the socket's own receive queue. */
  purged = false;
  /** The peer has closed with unread data. Its own messages may be lost, and the end comes as an error. */
  reset = false;

  constructor(socket: MessageSocket) {
    this.socket = socket;
  }

  get isIdle(): boolean {
    return this.waits.every(({ done }) => done) && this.sent.every(({ state }) => state !== "waits");
  }
}

export class System {
  readonly #transport: Transport;
  readonly #ends: readonly [End, End];
  readonly #pending: Promise<unknown>[] = [];
  readonly #wrong: unknown[] = [];
  #lastId = 0;

  private constructor(transport: Transport, sockets: readonly [MessageSocket, MessageSocket]) {
    this.#transport = transport;
    this.#ends = [new End(sockets[0]), new End(sockets[1])];
  }

  static async open(transport: Transport): Promise<System> {
    return new System(transport, await transport.open());
  }

  /** Bytes that differ between neighbouring messages, wherever a message is cut. */
  #content(id: number, size: number): Buffer {
    return Buffer.alloc(size, `<${id}>`);
  }

  send(at: number, size: number, files: readonly number[]): void {
    const end = this.#ends[at]!;
    const { type, passesFiles } = this.#transport;
    const id = ++this.#lastId;
    const given = passesFiles && (size > 0 || type !== "stream") ? files : [];
    const sent: Sent = {
      id,
      data: this.#content(id, size),
      files: given,
      abort: new AbortController(),
      state: "waits",
      bytesSent: 0,
    };
    end.sent.push(sent);
    const held = given.map((index) => this.#transport.file(index));
    const message = {
      data: sent.data,
      ...(held.length > 0 && { fds: held.map(({ sendable }) => sendable) }),
    };
    const sending = end.socket.sendmsg(message, { signal: sent.abort.signal }).then(
      ({ bytes }) => {
        sent.state = "gone";
        if (bytes !== size) this.#wrong.push(new Error(`sent ${bytes} of ${size} bytes, and resolved`));
      },
      (error: Error & { code: string; bytesSent: number }) => {
        sent.state = "failed";
        sent.bytesSent = error.bytesSent;
        // A part of the message went: nothing may follow it on a stream.
        if (error.bytesSent > 0) end.ended = true;
        if (this.#ends[1 - at]!.closed) {
          if (type === "dgram") end.purged = true;
          else end.reset = true;
        }
        const { alwaysFits = Number.POSITIVE_INFINITY } = this.#transport;
        if (error.code !== "EMSGSIZE" || type === "stream" || size <= alwaysFits) this.#expectEnded(error);
      },
    );
    for (const file of held) file.close();
    this.#pending.push(sending);
  }

  receive(at: number, options: { size?: number; maxFds: number; peek: boolean }): void {
    const end = this.#ends[at]!;
    const { size, maxFds, peek } = options;
    const wait: Wait = { abort: new AbortController(), done: false };
    end.waits.push(wait);
    const receiving = end.socket.recvmsg({
      ...(size !== undefined && this.#transport.type === "stream" && { size }),
      maxFds: this.#transport.passesFiles ? maxFds : 0,
      flags: peek ? MSG_PEEK : 0,
      signal: wait.abort.signal,
    });
    this.#pending.push(
      receiving.then(
        (message) => {
          wait.done = true;
          this.#note(end, message, peek);
        },
        (error) => {
          wait.done = true;
          this.#noteFailure(end, error);
        },
      ),
    );
  }

  /** Receives within the call. */
  tryReceive(at: number): void {
    const end = this.#ends[at]!;
    try {
      const message = end.socket.tryRecvmsg({ maxFds: this.#transport.passesFiles ? 253 : 0 });
      if (message) this.#note(end, message, false);
    } catch (error) {
      this.#noteFailure(end, error);
    }
  }

  abort(at: number, of: "sends" | "receives", index: number): void {
    const end = this.#ends[at]!;
    const waiting =
      of === "sends"
        ? end.sent.filter(({ state }) => state === "waits")
        : end.waits.filter(({ done }) => !done);
    waiting[index % Math.max(waiting.length, 1)]?.abort.abort();
  }

  shutdown(at: number): void {
    const end = this.#ends[at]!;
    end.ended = true;
    this.#pending.push(end.socket.shutdown("write").catch((error) => this.#expectEnded(error)));
  }

  close(at: number): void {
    const end = this.#ends[at]!;
    end.closed = true;
    this.#pending.push(end.socket.close());
  }

  /** Makes another object for the same socket. This loses nothing, and is refused while a call waits. */
  move(at: number): void {
    const end = this.#ends[at]!;
    if (!this.#transport.moved) return;
    const { isIdle } = end;
    try {
      end.socket = this.#transport.moved(end.socket);
    } catch (error) {
      expect((error as { code: string }).code).toBe("ERR_INVALID_STATE");
      expect(isIdle, "nobody waits, and the socket is not given up").toBe(false);
    }
  }

  #noteFailure(end: End, error: unknown): void {
    if (["ECONNRESET", "ECONNREFUSED"].includes((error as { code: string }).code)) {
      end.over = true;
      end.reset = true;
    }
    this.#expectEnded(error);
  }

  #note(end: End, message: Message<Descriptor>, peeked: boolean): void {
    const { data, fds, droppedFds: dropped, eof } = message;
    const files = fds.map((descriptor) => this.#transport.indexOf(descriptor));
    message[Symbol.dispose]();
    if (eof) end.over = true;
    end.received.push({ data: Buffer.from(data), files, dropped, eof, peeked });
  }

  #expectEnded(error: unknown): void {
    if (!ENDED.includes(String((error as { code?: unknown }).code))) this.#wrong.push(error);
  }

  /** The sends in this direction, without those that failed before any byte went. */
  #expected(from: End): Sent[] {
    return from.sent.filter(({ state, bytesSent }) => state !== "failed" || bytesSent > 0);
  }

  /** Checks that the received messages are the sent ones, in order, once, with their descriptors. */
  check(): void {
    expect(this.#wrong).toEqual([]);
    for (const [from, to] of this.#directions()) {
      if (this.#transport.type === "stream") this.#checkStream(from, to);
      else this.#checkMessages(from, to);
    }
  }

  #directions(): [End, End][] {
    const [a, b] = this.#ends;
    return [
      [a, b],
      [b, a],
    ];
  }

  #checkMessages(from: End, to: End): void {
    const expected = this.#expected(from);
    let next = 0;
    for (const { data, files, dropped, eof, peeked } of to.received) {
      if (eof) {
        expect(from.closed || from.ended, "an end that nobody has made").toBe(true);
        continue;
      }
      let at = next;
      // One that does not fit fails, and its error can come after the next message: see rejectInTurn, src/socket/fairness.ts.
      const mayBeMissing = ({ state, data: { length } }: Sent) =>
        this.#transport.lossy || (state === "waits" && length > (this.#transport.alwaysFits ?? length));
      while (at < expected.length && mayBeMissing(expected[at]!) && !expected[at]!.data.equals(data)) at++;
      const sent = expected[at];
      expect(sent?.data.toString(), "the next message").toBe(data.toString());
      expect(dropped === 0 ? files : [dropped]).toEqual(dropped === 0 ? sent!.files : [sent!.files.length]);
      if (!peeked) next = at + 1;
    }
  }

  #checkStream(from: End, to: End): void {
    const expected = this.#expected(from);
    const bytes = Buffer.concat(
      expected.map(({ data, state, bytesSent }) => (state === "failed" ? data.subarray(0, bytesSent) : data)),
    );
    const starts = new Map<number, readonly number[]>();
    let start = 0;
    for (const { data, files } of expected) {
      if (files.length > 0) starts.set(start, files);
      start += data.length;
    }
    let at = 0;
    for (const { data, files, dropped, eof, peeked } of to.received) {
      if (eof) {
        expect(from.closed || from.ended, "an end that nobody has made").toBe(true);
        continue;
      }
      expect(data.equals(bytes.subarray(at, at + data.length)), "the next bytes of the stream").toBe(true);
      const brought = [...starts].filter(([place]) => place >= at && place < at + data.length);
      expect(brought.length, "descriptors end what one receive brings").toBeLessThanOrEqual(1);
      let wanted = brought[0]?.[1] ?? [];
      // If the buffers are full, the kernel still goes on to the next message with descriptors, and installs them without a byte:
      // unix_stream_read_generic(), net/unix/af_unix.c.
      if (peeked && brought.length === 0 && files.length + dropped > 0) {
        wanted = [...starts].find(([place]) => place >= at + data.length)?.[1] ?? [];
      }
      expect(dropped === 0 ? files : [dropped]).toEqual(dropped === 0 ? wanted : [wanted.length]);
      if (!peeked) at += data.length;
    }
  }

  /** Sent bytes, or messages, that nobody has received. */
  #underWay(from: End, to: End): number {
    const taken = to.received.filter(({ peeked, eof }) => !peeked && !eof);
    if (this.#transport.type !== "stream") {
      return from.sent.filter(({ state }) => state === "gone").length - taken.length;
    }
    const gone = from.sent.filter(({ state }) => state === "gone");
    return (
      gone.reduce((sum, { data }) => sum + data.length, 0) -
      taken.reduce((sum, { data }) => sum + data.length, 0)
    );
  }

  /** Checks that no call waits for a message that has arrived, or for room that is free. */
  #isSettled(): boolean {
    for (const [from, to] of this.#directions()) {
      const receives = to.waits.some(({ done }) => !done) && !to.closed;
      if (receives && !this.#transport.lossy && !to.purged && this.#underWay(from, to) > 0) return false;
      if (receives && this.#transport.tellsEnd && (from.closed || (from.ended && from.isIdle)) && !to.over)
        return false;
      const sends = from.sent.some(({ state }) => state === "waits");
      if (sends && (from.closed || to.closed)) return false;
      // While a receive waits, the queue is empty, so that there is room.
      if (sends && receives) return false;
    }
    return true;
  }

  /** Runs the event loop until nothing more happens. */
  async settle(): Promise<void> {
    const end = Date.now() + FOREVER;
    do {
      await turn();
      if (Date.now() > end) throw new Error(`Somebody waits for ever: ${this}`);
    } while (!this.#isSettled());
    this.check();
  }

  /** Receives all sent messages of this direction. */
  async #drain(from: End, to: End): Promise<void> {
    for (const wait of to.waits) wait.abort.abort();
    await turn();
    const end = Date.now() + FOREVER;
    const isDue = () => !this.#transport.lossy && !to.purged && !to.reset && this.#underWay(from, to) > 0;
    for (let before = -1; before !== to.received.length || isDue(); ) {
      before = to.received.length;
      this.tryReceive(this.#ends.indexOf(to));
      await turn();
      if (Date.now() > end || (to.received.at(-1)?.eof && isDue())) {
        throw new Error(`What was sent has not arrived: ${this}`);
      }
      if (to.received.at(-1)?.eof) return;
    }
  }

  /** Receives the remaining messages, closes both sockets, and checks that every call has settled. */
  async finish(): Promise<void> {
    await this.settle();
    for (const [from, to] of this.#directions()) if (!to.closed) await this.#drain(from, to);
    for (const [i, end] of this.#ends.entries()) if (!end.closed) this.close(i);
    let late: NodeJS.Timeout | undefined;
    const forEver = new Promise((_, reject) => {
      late = setTimeout(() => reject(new Error(`Somebody waits for ever: ${this}`)), FOREVER);
    });
    await Promise.race([Promise.all(this.#pending), forEver]);
    clearTimeout(late);
    this.check();
  }

  toString(): string {
    return JSON.stringify(
      this.#ends.map(({ sent, waits, received, closed, ended, over }) => ({
        sent: sent.map(({ id, state, bytesSent, data }) => `${id} ${data.length} ${state} ${bytesSent}`),
        waits: waits.filter(({ done }) => !done).length,
        received: received.length,
        ...{ closed, ended, over },
      })),
    );
  }
}
