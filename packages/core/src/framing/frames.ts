import { checkFunction, checkInteger, checkObject, checkSignal } from "../arguments.js";
import { SCM_MAX_FD } from "../constants/socket.js";
import type { Descriptor, FileDescriptor } from "../descriptor.js";
import { invalidArgValue } from "../errors.js";
import { type InspectArguments, inspected } from "../inspecting.js";
import { keysOf } from "../known-keys.js";
import { mayTry } from "../socket/fairness.js";
import { checkMaxFds } from "../socket/receive-request.js";
import type { MessageSocket } from "../socket.js";
import { counted, DEFAULT_MAX_LENGTH, StreamReader, tooLong, tooManyFds } from "./stream-reader.js";

/** Options of {@link frames}. */
export interface FrameOptions {
  /** How many bytes are before each body. Default: 4. */
  headerSize?: number;
  /** Returns the length of the body, in bytes. Default: the header is the length, and its first byte is the highest (big-endian). */
  length?: (header: Buffer) => number;
  /** Returns how many descriptors belong to the frame. Default: no frame has any, and the stream fails if the peer sends some. */
  fds?: (header: Buffer) => number;
  /** How long a body may be, in bytes. Default: 1 MiB. */
  maxLength?: number;
  /** How many descriptors a frame may have: at most 253. `"all"` means 253. Only with `fds`. Default: what the socket accepts. */
  maxFds?: number | "all";
  /** Ends the iteration with an AbortError. */
  signal?: AbortSignal;
}

const FRAME_KEYS = /* @__PURE__ */ keysOf<FrameOptions>({
  headerSize: true,
  length: true,
  fds: true,
  maxLength: true,
  maxFds: true,
  signal: true,
});

/** One frame of a stream: see {@link frames}. */
export interface Frame<D extends Descriptor = FileDescriptor> extends Disposable {
  readonly header: Buffer;
  readonly body: Buffer;
  /** The descriptors of the frame. Empty once you have taken them. */
  readonly fds: readonly D[];
  /** Returns the descriptors. The caller then owns them, and `fds` is empty. */
  takeFds(): D[];
  /** Closes the descriptors that you have not taken. */
  [Symbol.dispose](): void;
}

class ReceivedFrame<D extends Descriptor> implements Frame<D> {
  readonly #bytes: Buffer;
  readonly #headerSize: number;
  readonly body: Buffer;
  #fds: D[];

  static {
    // Programs know this class by the name of its interface, and console.log() shows that name.
    Object.defineProperty(ReceivedFrame, "name", { value: "Frame" });
  }

  constructor(bytes: Buffer, headerSize: number, fds: D[]) {
    this.#bytes = bytes;
    this.#headerSize = headerSize;
    this.body = bytes.subarray(headerSize);
    this.#fds = fds;
  }

  get header(): Buffer {
    return this.#bytes.subarray(0, this.#headerSize);
  }

  get fds(): readonly D[] {
    return this.#fds;
  }

  takeFds(): D[] {
    const taken = this.#fds;
    this.#fds = [];
    return taken;
  }

  [Symbol.dispose](): void {
    for (const fd of this.takeFds()) fd.close();
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    const { header, body, fds } = this;
    return inspected(this, args, "Frame", () => ({
      header,
      body,
      fds: fds.length > 0 ? fds : undefined,
    }));
  }
}

interface Format {
  headerSize: number;
  length: (header: Buffer) => number;
  fds: ((header: Buffer) => number) | undefined;
  maxLength: number;
  maxFds: number | undefined;
  signal: AbortSignal | undefined;
}

/** The most bytes of which Buffer reads an integer. */
const LONGEST_INTEGER = 6;
const LONGEST_HEADER = 65_536;

function checkFormat(options: FrameOptions): Format {
  const {
    headerSize = 4,
    length,
    fds,
    maxLength,
    maxFds,
    signal,
  } = checkObject("options", options, FRAME_KEYS);
  checkInteger("options.headerSize", headerSize, 1, LONGEST_HEADER);
  if (length === undefined && headerSize > LONGEST_INTEGER) {
    throw invalidArgValue(
      "options.length",
      `must be given: a header of ${headerSize} bytes is more than one integer`,
    );
  }
  if (maxFds !== undefined && fds === undefined) {
    throw invalidArgValue(
      "options.maxFds",
      "must be given together with fds, which tells what belongs to a frame",
    );
  }
  return {
    headerSize,
    length:
      length === undefined
        ? (header) => header.readUIntBE(0, headerSize)
        : checkFunction("options.length", length),
    fds: fds === undefined ? undefined : checkFunction("options.fds", fds),
    maxLength:
      maxLength === undefined
        ? DEFAULT_MAX_LENGTH
        : checkInteger("options.maxLength", maxLength, 0, 0x7fffffff - LONGEST_HEADER),
    maxFds: maxFds === undefined ? undefined : checkMaxFds("options.maxFds", maxFds),
    signal: checkSignal("options.signal", signal),
  };
}

const isReader = <D extends Descriptor>(source: unknown): source is StreamReader<D> =>
  typeof (source as StreamReader<D> | null | undefined)?.need === "function";

function readerOf<D extends Descriptor>(socket: MessageSocket<D>, format: Format): StreamReader<D> {
  const { headerSize, maxLength, fds, maxFds } = format;
  return new StreamReader(socket, {
    // Room for short frames that come together.
    maxLength: Math.max(headerSize + maxLength, LONGEST_HEADER),
    ...(fds === undefined ? { maxFds: 0 } : maxFds !== undefined && { maxFds }),
  });
}

/** How long the body is that the header announces. */
function bodyLength(header: Buffer, { length, maxLength }: Format): number {
  const announced = checkInteger("options.length(header)", length(header), 0, Number.MAX_SAFE_INTEGER);
  if (announced > maxLength)
    throw tooLong(`The body of a frame has ${counted(announced, "byte")}`, maxLength);
  return announced;
}

/** How many descriptors the header announces. */
function fdCount(header: Buffer, { fds, maxFds = SCM_MAX_FD }: Format): number {
  if (fds === undefined) return 0;
  const announced = checkInteger("options.fds(header)", fds(header), 0, Number.MAX_SAFE_INTEGER);
  if (announced > maxFds) {
    throw tooManyFds(`A frame announces ${counted(announced, "descriptor")}, and maxFds is ${maxFds}`);
  }
  return announced;
}

/** Cuts frames from what a reader has. Until a frame is whole, it stays in the reader. */
class Cutter<D extends Descriptor> {
  readonly #reader: StreamReader<D>;
  readonly #format: Format;
  /** What the header of the next frame announces, once it is there. */
  #announced: { length: number; fds: number } | undefined;

  constructor(reader: StreamReader<D>, format: Format) {
    this.#reader = reader;
    this.#format = format;
  }

  /** How many bytes must be there before {@link cut} can do more. */
  get needed(): number {
    return this.#announced?.length ?? this.#format.headerSize;
  }

  /** The next frame, if all of it is there. */
  cut(): Frame<D> | undefined {
    const reader = this.#reader;
    const { headerSize } = this.#format;
    if (reader.length < this.needed) return undefined;
    if (this.#announced === undefined) {
      const header = reader.peek(headerSize);
      this.#announced = {
        length: headerSize + bodyLength(header, this.#format),
        fds: fdCount(header, this.#format),
      };
      if (reader.length < this.needed) return undefined;
    }
    const { length, fds } = this.#announced;
    const own = reader.takeFds(fds);
    this.#announced = undefined;
    return new ReceivedFrame(reader.take(length), headerSize, own);
  }

  /** Waits for the next frame. Undefined: the stream has ended, or other code has closed the socket or the reader. */
  async wait(options: { signal?: AbortSignal } | undefined): Promise<Frame<D> | undefined> {
    try {
      while (await this.#reader.need(this.needed, options)) {
        const frame = this.cut();
        if (frame !== undefined) return frame;
      }
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ERR_SENDMSG_CLOSED") throw error;
    }
    return undefined;
  }
}

/**
 * Iterates over the frames of a stream: each is a header of fixed size, which says how long the body is, and the body. The iteration
 * ends at the end of the stream, or when the socket is closed. Leaving the loop does not close the socket.
 *
 * When the loop goes on or ends, the descriptors of the frame are closed, unless the program has taken them (`frame.takeFds()`).
 *
 * After the loop, bytes that are not yet a whole frame are lost. If you give a {@link StreamReader} instead of a socket, they stay in
 * the reader.
 *
 * @example
 * for await (const { body } of frames(socket)) console.log(body.toString()); // after 4 bytes of length
 * @throws what {@link StreamReader.need} throws; `ERR_SENDMSG_TOO_LONG` and `ERR_SENDMSG_TOO_MANY_FDS` if a header announces more than
 *   the limits; `ERR_SENDMSG_MISSING_FDS` if the peer sent fewer descriptors than it announced; `ERR_OUT_OF_RANGE` if `length` or `fds`
 *   returns a number that is negative or not an integer.
 */
export async function* frames<D extends Descriptor = FileDescriptor>(
  source: MessageSocket<D> | StreamReader<D>,
  options: FrameOptions = {},
): AsyncGenerator<Frame<D>, void, undefined> {
  const format = checkFormat(options);
  if (isReader(source) && format.maxFds !== undefined) {
    throw invalidArgValue("options.maxFds", "must not be given with a reader, which has a maxFds of its own");
  }
  const reader = isReader<D>(source) ? source : readerOf(source, format);
  const cutter = new Cutter(reader, format);
  const { signal } = format;
  const needOptions = signal === undefined ? undefined : { signal };
  try {
    for (;;) {
      // Most frames are there when the loop comes back for them. Now and then the event loop must get a turn: need() sees to that.
      const mayCut = signal?.aborted !== true && mayTry();
      const frame = (mayCut ? cutter.cut() : undefined) ?? (await cutter.wait(needOptions));
      if (frame === undefined) return;
      try {
        yield frame;
      } finally {
        frame[Symbol.dispose]();
      }
    }
  } finally {
    if (reader !== source) reader.close();
  }
}
