import { type Address, type AddressInput, decodeAddress } from "./address/index.js";
import {
  checkArray,
  checkBoolean,
  checkBytes,
  checkFlags,
  checkInteger,
  checkObject,
  type Data,
} from "./arguments.js";
import { bufferView } from "./buffer-view.js";
import { MSG_CTRUNC, MSG_TRUNC } from "./constants/message-flags.js";
import { decodeControl } from "./control/decode.js";
import type { ControlMessage } from "./control/table.js";
import { segmentSizeIn } from "./control/udp-segment.js";
import type { Descriptor, FileDescriptor } from "./descriptor.js";
import { invalidArgType } from "./errors.js";
import { type InspectArguments, ifPossible, inspected } from "./inspecting.js";
import type { Sendable } from "./interop/sendable.js";
import { type KnownKeys, keysOf } from "./known-keys.js";
import { unshared } from "./unshared.js";

/** The message that one sendmsg(2) sends. */
export interface OutgoingMessage {
  /** The bytes: a string (UTF-8), a view, a buffer, or a list of them. Default: none. */
  data?: Data;
  /** Descriptors to pass (SCM_RIGHTS), at most 253. They are borrowed: your own descriptors stay open. Only on AF_UNIX. */
  fds?: readonly Sendable[];
  /** Other control messages. If the kernel takes a stream message in several parts, they go with each part. */
  control?: readonly ControlMessage[];
  /**
   * The destination, on a socket that is not connected. You can also give bytes of encodeAddress(), of `sendmsg/address`: then it need
   * not be encoded again.
   */
  address?: AddressInput | Uint8Array | undefined;
  /**
   * Cuts the data into datagrams of so many bytes. The last one may be shorter. Only on UDP sockets. The kernel cuts them (UDP_SEGMENT);
   * where it refuses, the library does: see {@link Socket.segmentation}. The data may be longer than one datagram can be.
   */
  segmentSize?: number | undefined;
  /**
   * MSG_* flags. MSG_DONTWAIT and MSG_NOSIGNAL are always set. MSG_ZEROCOPY is refused, because the kernel would still read the
   * memory after the send has settled.
   */
  flags?: number;
}

export const MESSAGE_KEYS: KnownKeys = /* @__PURE__ */ keysOf<OutgoingMessage>({
  data: true,
  address: true,
  fds: true,
  control: true,
  segmentSize: true,
  flags: true,
});

/**
 * What one recvmsg(2) returned: bytes, descriptors, control messages and address belong together. `A` is the type of the address.
 */
export interface Message<D extends Descriptor = FileDescriptor, A extends Address = Address>
  extends Disposable {
  /**
   * The bytes, in memory that no other message shares. So you can give them to other code, even if it transfers them. If you
   * received into one buffer with `buffers`, this is a view of that buffer.
   */
  readonly data: Buffer;
  /** The descriptors that came with the message, at most `maxFds`. Empty once you have taken them. */
  readonly fds: readonly D[];
  /** Returns the descriptors. The caller then owns them, and `fds` is empty. */
  takeFds(): D[];
  /** A descriptor of the sender's process, if SO_PASSPIDFD is on: see pidfd_open(2). */
  readonly pidfd?: D | undefined;
  /** Returns the pidfd. The caller then owns it. */
  takePidfd(): D | undefined;
  /** The control messages other than descriptors. They are decoded when you first read this property. */
  readonly control: readonly ControlMessage[];
  /** The sender's address. Absent on a connected stream. */
  readonly address?: A | undefined;
  /**
   * The size of the datagrams that the kernel has joined in `data`, in bytes. The last one may be shorter. Absent if it is one datagram:
   * the kernel joins datagrams only if the socket receives "udpGro".
   */
  readonly segmentSize?: number | undefined;
  /** The datagrams in `data`, in order. They are views of `data`, not copies. It is one datagram if there is no `segmentSize`. */
  segments(): Buffer[];
  /** The msg_flags that the kernel returned. */
  readonly flags: number;
  /** True at the end of the stream. Then this is not a message from the peer. */
  readonly eof: boolean;
  /** True if the message was longer than the buffer (MSG_TRUNC). The rest is lost. */
  readonly truncated: boolean;
  /** The length of the message when it was sent, on datagram and seqpacket sockets. */
  readonly fullLength: number;
  /**
   * True if the kernel dropped control data or descriptors (MSG_CTRUNC): at RLIMIT_NOFILE, or if a security module forbids them.
   */
  readonly controlTruncated: boolean;
  /** How many descriptors came beyond `maxFds`. The library has closed them. */
  readonly droppedFds: number;
  /** Copies the message into memory of its own. The descriptors move to the copy, because they have one owner. */
  copy(): Message<D, A>;
  /** Closes the descriptors that you have not taken. */
  [Symbol.dispose](): void;
}

/** The parts from which {@link Message.from} builds a message. Each has a default. */
export interface MessageInit<D extends Descriptor = FileDescriptor> {
  data?: Buffer;
  fds?: readonly D[];
  pidfd?: D | undefined;
  control?: readonly ControlMessage[];
  address?: Address | undefined;
  flags?: number;
  eof?: boolean;
  fullLength?: number;
  droppedFds?: number;
}

const INIT_KEYS = /* @__PURE__ */ keysOf<MessageInit>({
  data: true,
  fds: true,
  control: true,
  pidfd: true,
  address: true,
  flags: true,
  eof: true,
  fullLength: true,
  droppedFds: true,
});

/** Bytes from the kernel. They are decoded when the program first reads them. */
export class RawParts {
  readonly control: Uint8Array | undefined;
  readonly address: Uint8Array | undefined;
  readonly family: number;
  /** Whether the library, not the program, switched on this control message. */
  readonly isOwn: ((message: ControlMessage) => boolean) | undefined;

  constructor(
    control: Uint8Array | undefined,
    address: Uint8Array | undefined,
    family: number,
    isOwn: ((message: ControlMessage) => boolean) | undefined,
  ) {
    this.control = control;
    this.address = address;
    this.family = family;
    this.isOwn = isOwn;
  }
}

const NOTHING: readonly never[] = Object.freeze([]);

/** Whether data with segments of this size are one datagram. */
export const isOneDatagram = (length: number, segmentSize: number | undefined): segmentSize is undefined =>
  segmentSize === undefined || segmentSize <= 0 || length <= segmentSize;

/** Cuts data into the datagrams that they are made of. */
export const segmentsOf = (data: Buffer, segmentSize: number | undefined): Buffer[] =>
  isOneDatagram(data.length, segmentSize)
    ? [data]
    : cutSegments(data.buffer, data.byteOffset, data.length, segmentSize);

/** The same for `length` bytes at `offset`. */
export function cutSegments(
  memory: ArrayBufferLike,
  offset: number,
  length: number,
  segmentSize: number,
): Buffer[] {
  const segments: Buffer[] = [];
  for (let at = 0; at < length; at += segmentSize) {
    segments.push(bufferView(memory, offset + at, Math.min(segmentSize, length - at)));
  }
  return segments;
}

/** The bytes of a message from the kernel, before they are decoded. For the layers above, not for users. */
export let rawPartsOf: (message: Message) => RawParts | undefined;

class KernelMessage<D extends Descriptor> implements Message<D> {
  readonly data: Buffer;
  readonly flags: number;
  readonly eof: boolean;
  readonly fullLength: number;
  readonly droppedFds: number;
  #fds: readonly D[];
  #pidfd: D | undefined;
  #raw: RawParts | undefined;
  #control: readonly ControlMessage[] | undefined;
  #address: Address | undefined;

  static {
    rawPartsOf = (message) => (#raw in message ? message.#raw : undefined);
    // Programs know this class by the name of its interface, and console.log() shows that name.
    Object.defineProperty(KernelMessage, "name", { value: "Message" });
  }

  constructor(
    data: Buffer,
    fds: readonly D[],
    pidfd: D | undefined,
    flags: number,
    eof: boolean,
    fullLength: number,
    droppedFds: number,
    raw: RawParts | undefined,
    control: readonly ControlMessage[] | undefined,
    address: Address | undefined,
  ) {
    this.data = data;
    this.flags = flags;
    this.eof = eof;
    this.fullLength = fullLength;
    this.droppedFds = droppedFds;
    this.#fds = fds;
    this.#pidfd = pidfd;
    this.#raw = raw;
    this.#control = control ?? (raw?.control ? undefined : NOTHING);
    this.#address = address;
  }

  get fds(): readonly D[] {
    return this.#fds;
  }

  takeFds(): D[] {
    if (this.#fds.length === 0) return [];
    const taken = [...this.#fds];
    this.#fds = NOTHING;
    return taken;
  }

  get pidfd(): D | undefined {
    return this.#pidfd;
  }

  takePidfd(): D | undefined {
    const taken = this.#pidfd;
    this.#pidfd = undefined;
    return taken;
  }

  get control(): readonly ControlMessage[] {
    if (this.#control === undefined) {
      const { control, family, isOwn } = this.#raw!;
      const all = decodeControl(control!, { family });
      this.#control = isOwn ? all.filter((message) => !isOwn(message)) : all;
    }
    return this.#control;
  }

  get address(): Address | undefined {
    const bytes = this.#raw?.address;
    if (this.#address === undefined && bytes !== undefined) this.#address = decodeAddress(bytes);
    return this.#address;
  }

  get segmentSize(): number | undefined {
    if (this.#control !== undefined) return this.#control.find((item) => item.name === "udpGro")?.value;
    const control = this.#raw!.control!;
    return segmentSizeIn(control, 0, control.length);
  }

  segments(): Buffer[] {
    return segmentsOf(this.data, this.segmentSize);
  }

  get truncated(): boolean {
    return (this.flags & MSG_TRUNC) !== 0;
  }

  get controlTruncated(): boolean {
    return (this.flags & MSG_CTRUNC) !== 0;
  }

  copy(): Message<D> {
    return new KernelMessage(
      unshared(this.data),
      this.takeFds(),
      this.takePidfd(),
      this.flags,
      this.eof,
      this.fullLength,
      this.droppedFds,
      this.#raw,
      this.#control,
      this.#address,
    );
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.takeFds()) descriptor.close();
    this.takePidfd()?.close();
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "Message", () => {
      const fds = this.#fds;
      const control = ifPossible(() => this.control) ?? NOTHING;
      const { data, truncated, flags } = this;
      return {
        data,
        fds: fds.length > 0 ? fds : undefined,
        pidfd: this.#pidfd,
        control: control.length > 0 ? control : undefined,
        address: ifPossible(() => this.address),
        segmentSize: this.segmentSize,
        eof: this.eof || undefined,
        truncated: truncated || undefined,
        fullLength: this.fullLength === data.length ? undefined : this.fullLength,
        controlTruncated: this.controlTruncated || undefined,
        droppedFds: this.droppedFds || undefined,
        flags: flags & ~(MSG_TRUNC | MSG_CTRUNC) ? flags : undefined,
      };
    });
  }
}

/** Makes a Message of what the kernel returned. */
export function arrived(
  data: Buffer,
  fds: readonly FileDescriptor[],
  pidfd: FileDescriptor | undefined,
  flags: number,
  eof: boolean,
  fullLength: number,
  droppedFds: number,
  raw: RawParts | undefined,
): Message {
  return new KernelMessage(data, fds, pidfd, flags, eof, fullLength, droppedFds, raw, undefined, undefined);
}

/** Makes a Message of parts that are already checked. */
export function messageOf<D extends Descriptor = FileDescriptor>(init: MessageInit<D>): Message<D> {
  const { data = Buffer.alloc(0), fds = NOTHING, pidfd, flags = 0, eof = false, droppedFds = 0 } = init;
  const { fullLength = data.length, control, address } = init;
  return new KernelMessage<D>(
    data,
    fds,
    pidfd,
    flags,
    eof,
    fullLength,
    droppedFds,
    undefined,
    control,
    address,
  );
}

function checkDescriptor<D extends Descriptor>(argument: string, value: unknown): D {
  if (typeof (value as Descriptor | null | undefined)?.close === "function") return value as D;
  throw invalidArgType(argument, "a FileDescriptor, or an object that behaves like one", value);
}

/** Checks the parts of a message. Reads each property once. */
function checkInit<D extends Descriptor>(init: MessageInit<D>): MessageInit<D> {
  const {
    data,
    fds = NOTHING,
    pidfd,
    control,
    address,
    flags,
    eof,
    fullLength,
    droppedFds,
  } = checkObject("init", init, INIT_KEYS);
  const checked: MessageInit<D> = {
    fds: checkArray("init.fds", fds).map((fd, i) => checkDescriptor<D>(`init.fds[${i}]`, fd)),
    address,
  };
  if (data !== undefined) checked.data = asBuffer(checkBytes("init.data", data));
  if (pidfd !== undefined) checked.pidfd = checkDescriptor<D>("init.pidfd", pidfd);
  if (control !== undefined) checked.control = checkArray("init.control", control);
  if (flags !== undefined) checked.flags = checkFlags("init.flags", flags);
  if (eof !== undefined) checked.eof = checkBoolean("init.eof", eof);
  for (const name of ["fullLength", "droppedFds"] as const) {
    const count = { fullLength, droppedFds }[name];
    if (count !== undefined) checked[name] = checkInteger(`init.${name}`, count, 0, Number.MAX_SAFE_INTEGER);
  }
  return checked;
}

/** The same bytes as a Buffer, because `data` of a message is one. */
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const Message = {
  /** Builds a message of its parts, for tests and for transports that are not sockets. */
  from<D extends Descriptor = FileDescriptor>(init: MessageInit<D> = {}): Message<D> {
    return messageOf(checkInit(init));
  },
};
