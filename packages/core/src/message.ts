import { type Address, decodeAddress } from "./address/index.js";
import {
  checkArray,
  checkBoolean,
  checkBytes,
  checkFlags,
  checkInteger,
  checkObject,
  type Data,
} from "./arguments.js";
import { MSG_CTRUNC, MSG_TRUNC } from "./constants/message-flags.js";
import { type ControlMessage, decodeControl } from "./control/index.js";
import type { Descriptor, FileDescriptor } from "./descriptor.js";
import { invalidArgType } from "./errors.js";
import type { Sendable } from "./interop/sendable.js";
import { unshared } from "./unshared.js";

/** What one sendmsg(2) is given. */
export interface OutgoingMessage {
  /** The bytes: a string (UTF-8), a view, a buffer, or a list of them. Default: none. */
  data?: Data;
  /** Descriptors to pass (SCM_RIGHTS), at most 253. They are borrowed: the caller's stay open. Only on AF_UNIX. */
  fds?: readonly Sendable[];
  /** Further control messages. If the kernel takes a stream message in parts, they go with each part. */
  control?: readonly ControlMessage[];
  /** Where to, on a socket that is not connected. */
  address?: Address;
  /**
   * MSG_* flags besides MSG_DONTWAIT and MSG_NOSIGNAL, which are always set. MSG_ZEROCOPY is refused: the kernel reads
   * the memory after the send has settled.
   */
  flags?: number;
}

/** What one recvmsg(2) has brought: bytes, descriptors, control messages and address belong together. */
export interface Message<D extends Descriptor = FileDescriptor> extends Disposable {
  /**
   * The bytes, in memory that no other message shares: you can give them to other code, which may transfer them. With one buffer as
   * `buffers`, a view of it.
   */
  readonly data: Buffer;
  /** The descriptors that came along and were asked for (`maxFds`), until they are taken. */
  readonly fds: readonly D[];
  /** The descriptors, which the caller owns from now on; `fds` is empty then. */
  takeFds(): D[];
  /** A descriptor of the sending process, when SO_PASSPIDFD is on: see pidfd_open(2). */
  readonly pidfd?: D | undefined;
  /** The pidfd, which the caller owns from now on. */
  takePidfd(): D | undefined;
  /** The control messages besides descriptors, decoded when first read. */
  readonly control: readonly ControlMessage[];
  /** The sender's address; absent on a connected stream. */
  readonly address?: Address | undefined;
  /** The kernel's msg_flags. */
  readonly flags: number;
  /** The end of the stream: no message at all. */
  readonly eof: boolean;
  /** The message was longer than the room for it (MSG_TRUNC); the rest is lost. */
  readonly truncated: boolean;
  /** The length of the message as it was sent, on datagram and seqpacket sockets. */
  readonly fullLength: number;
  /** The kernel had to drop control data or descriptors (MSG_CTRUNC): at RLIMIT_NOFILE, or where an LSM forbids. */
  readonly controlTruncated: boolean;
  /** Descriptors that came but were not asked for: closed. */
  readonly droppedFds: number;
  /** The same message in memory of its own. The descriptors move to the copy: they have one owner. */
  copy(): Message<D>;
  /** Closes the descriptors that were not taken. */
  [Symbol.dispose](): void;
}

/** What {@link Message.from} builds a message of; everything has a default. */
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

/** Bytes of the kernel's that are decoded when somebody reads them. */
export class RawParts {
  readonly control: Uint8Array | undefined;
  readonly address: Uint8Array | undefined;
  readonly family: number;
  /** Control messages that the library switched on for itself. */
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
}

/** A message that the kernel has brought. */
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

/** A message of parts that were checked. */
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
  throw invalidArgType(argument, "a FileDescriptor, or what behaves like one", value);
}

/** What is to be a message, each property read once. */
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
  } = checkObject("init", init);
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

/** A Buffer over the same bytes: what messages have. */
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const Message = {
  /** Builds a message of parts, for tests and for transports that are not sockets. */
  from<D extends Descriptor = FileDescriptor>(init: MessageInit<D> = {}): Message<D> {
    return messageOf(checkInit(init));
  },
};
