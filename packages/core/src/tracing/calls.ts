import { SOL_SOCKET } from "../constants/levels.js";
import { MSG_CMSG_CLOEXEC, MSG_DONTWAIT } from "../constants/message-flags.js";
import { SO_PEERPIDFD } from "../constants/socket.js";
import {
  ADDRESS_SPACE,
  type Binding,
  CALL_ADDRESS,
  CALL_CONTROL,
  CALL_END,
  CALL_FD,
  CALL_FIRST,
  CALL_FLAGS,
  CALL_SIZE,
  IN_ARGUMENT,
  type Iov,
  MMSG_ADDRESS,
  MMSG_BYTES,
  MMSG_CONTROL,
  MMSG_NUMBERS,
  MMSG_VIEWS,
  RESULT_ADDRESS_LENGTH,
  RESULT_CONTROL_LENGTH,
  RESULT_DROPPED,
  RESULT_FDS,
  RESULT_FLAGS,
  RESULT_KEPT,
  RESULT_PIDFD,
  SCRATCH_CONTROL,
  SLOT_BYTES,
  SLOT_HEADER,
  SLOT_NUMBERS,
} from "../native/binding.js";
import { NAMES } from "./names.js";
import {
  type Attached,
  addressText,
  dataText,
  familyText,
  flagNames,
  hex,
  levelText,
  messageFlags,
  messageText,
  optionText,
  pathText,
  socketTypeText,
  totalOf,
  valueText,
  viewsOf,
} from "./text.js";

/** The functions of a binding. */
export type Name = {
  [N in keyof Binding]: Binding[N] extends (...args: never[]) => unknown ? N : never;
}[keyof Binding];

/** What a trace knows of one binding besides the arguments of a call. */
export interface Context {
  readonly native: Binding;
  /** The memory of dataBuffer() and controlBuffer(). */
  data: Uint8Array;
  control: Uint8Array;
}

/** A system call. */
export interface Call {
  /** The name that strace(1) prints. */
  readonly call: string;
  /**
   * Is called before the call, because the call can change what it gets. Returns a function that returns the text of the arguments
   * once the result is known.
   */
  readonly args: (context: Context, ...args: never[]) => (result: number) => string;
  /** What the call returned, if it is not the number that the binding returns. */
  readonly value?: (result: number, context: Context) => string;
}

/** A call that a thread makes. `token` is the position of its token among the arguments. */
export interface StartedCall {
  readonly starts: string;
  readonly token: number;
  readonly args: (context: Context, ...args: never[]) => string;
}

/** The end of a call that a thread has made: token, result. */
export interface EndedCall {
  readonly ends: (context: Context, ...args: never[]) => (result: number) => string;
}

/** The function makes no system call that a program cares about. */
export type Quiet = "quiet";

type F<N extends Name> = Parameters<Binding[N]>;

const always = (text: string) => () => text;
const zero = always("0");
const POLL_NAMES = {
  1: "POLLIN",
  2: "POLLPRI",
  4: "POLLOUT",
  8: "POLLERR",
  16: "POLLHUP",
  8192: "POLLRDHUP",
};
const EPOLL_NAMES = Object.fromEntries(Object.entries(POLL_NAMES).map(([bit, name]) => [bit, `E${name}`]));
/** flock(2), include/uapi/asm-generic/fcntl.h. */
const LOCK_NAMES = { 1: "LOCK_SH", 2: "LOCK_EX", 4: "LOCK_NB", 8: "LOCK_UN" };
/** How many messages of a batch a line shows. */
const SHOWN_MESSAGES = 4;
/** sizeof(struct sock_filter). */
const BPF_INSTRUCTION = 8;

const onAddress = (call: string): Call => ({
  call,
  args: (_: Context, fd: number, address: Uint8Array) => always(`${fd}, ${addressText(address)}`),
});

const ofAddress = (call: string): Call => ({
  call,
  args: (_: Context, fd: number, address: Uint8Array) => (length) =>
    length < 0 ? String(fd) : `${fd}, ${addressText(address.subarray(0, length))}`,
  value: zero,
});

const option = (fd: number, level: number, name: number): string =>
  `${fd}, ${levelText(level)}, ${optionText(level, name)}`;

/** A part of a message that is an argument, or in the scratch memory. */
const part = (
  { native }: Context,
  field: number,
  given: Uint8Array | undefined,
  at: number,
): Uint8Array | undefined => {
  const length = native.call[field]!;
  return length === IN_ARGUMENT ? given : length > 0 ? native.scratch.slice(at, at + length) : undefined;
};

const outgoing = (
  context: Context,
  control: Uint8Array | undefined,
  address: Uint8Array | undefined,
): Attached => ({
  control: part(context, CALL_CONTROL, control, ADDRESS_SPACE),
  address: part(context, CALL_ADDRESS, address, 0),
});

/** What a receive of a held descriptor has brought. */
function arrived({ native, control }: Context): Attached {
  const numbers = native.result;
  const kept = numbers[RESULT_KEPT]!;
  const pidfd = numbers[RESULT_PIDFD]!;
  return {
    fds: Array.from({ length: kept }, (_, i) => numbers[RESULT_FDS + 2 * i]!),
    dropped: numbers[RESULT_DROPPED]!,
    pidfd: pidfd < 0 ? undefined : pidfd,
    control: control.subarray(0, numbers[RESULT_CONTROL_LENGTH]!),
    address: native.scratch.subarray(0, Math.min(numbers[RESULT_ADDRESS_LENGTH]!, ADDRESS_SPACE)),
    flags: numbers[RESULT_FLAGS]! & ~MSG_CMSG_CLOEXEC,
  };
}

interface BatchMessage {
  views: readonly Uint8Array[];
  address?: Uint8Array | undefined;
  control?: Uint8Array | undefined;
}

/** The first messages of a batch, before the call: afterwards, `numbers` has its results. */
function messagesOf(count: number, numbers: Int32Array, given: readonly unknown[]): BatchMessage[] {
  const parts = given.flat() as Uint8Array[];
  const messages: BatchMessage[] = [];
  for (let i = 0; i < Math.min(count, SHOWN_MESSAGES); i++) {
    const shape = numbers[i * MMSG_NUMBERS]!;
    const address = shape & MMSG_ADDRESS ? parts.shift() : undefined;
    const control = shape & MMSG_CONTROL ? parts.shift() : undefined;
    messages.push({ address, control, views: parts.splice(0, shape & MMSG_VIEWS) });
  }
  return messages;
}

/** The messages of a batch that has `length` of them. `describe` gets the position of a message. */
function batch(
  messages: readonly BatchMessage[],
  length: number,
  describe: (message: BatchMessage, i: number) => string,
): string {
  const shown = messages.slice(0, length).map(describe);
  if (length > SHOWN_MESSAGES) shown.push(`... ${length - SHOWN_MESSAGES} more`);
  return `[${shown.join(", ")}]`;
}

/** The messages in the slots of a batch: see binding.ts. */
function slots({ call }: Binding, memory: Uint8Array, table: Int32Array, first: number, end: number): string {
  const [size, space] = [call[CALL_SIZE]!, call[CALL_CONTROL]!];
  const stride = memory.length / Math.floor(table.length / (SLOT_NUMBERS + SLOT_HEADER));
  const shown: string[] = [];
  for (let i = first; i < Math.min(end, first + SHOWN_MESSAGES); i++) {
    const of = (position: number) => table[i * SLOT_NUMBERS + position]!;
    const part = (at: number, length: number) =>
      memory.subarray(i * stride + at, i * stride + at + Math.max(length, 0));
    const data = part(space + ADDRESS_SPACE, Math.min(of(SLOT_BYTES), size));
    shown.push(
      messageText(dataText([data]), {
        control: part(0, of(RESULT_CONTROL_LENGTH)),
        address: part(space, Math.min(of(RESULT_ADDRESS_LENGTH), ADDRESS_SPACE)),
        flags: of(RESULT_FLAGS) & ~MSG_CMSG_CLOEXEC,
      }),
    );
  }
  const more = end - first - SHOWN_MESSAGES;
  if (more > 0) shown.push(`... ${more} more`);
  return `[${shown.join(", ")}]`;
}

/** Every function of the binding: how a trace shows it. */
export const CALLS: { readonly [N in Name]: Call | StartedCall | EndedCall | Quiet } = {
  socket: {
    call: "socket",
    args: (_: Context, ...[family, type, protocol]: F<"socket">) =>
      always(`${familyText(family)}, ${socketTypeText(type)}, ${protocol}`),
  },
  socketpair: {
    call: "socketpair",
    args:
      ({ native }: Context, ...[family, type, protocol]: F<"socketpair">) =>
      (result) => {
        const pair = result < 0 ? "" : `, [${native.result[RESULT_FDS]}, ${native.result[RESULT_FDS + 2]}]`;
        return `${familyText(family)}, ${socketTypeText(type)}, ${protocol}${pair}`;
      },
  },
  bind: onAddress("bind"),
  connect: onAddress("connect"),
  listen: {
    call: "listen",
    args: (_: Context, ...[fd, backlog]: F<"listen">) => always(`${fd}, ${backlog}`),
  },
  accept4: {
    call: "accept4",
    args:
      ({ native }: Context, ...[fd, address, flags]: F<"accept4">) =>
      (result) => {
        const length = native.result[RESULT_ADDRESS_LENGTH]!;
        const peer = result < 0 || !address ? "" : `${addressText(address.subarray(0, length))}, `;
        return `${fd}, ${peer}${socketTypeText(flags)}`;
      },
  },
  getsockname: ofAddress("getsockname"),
  getpeername: ofAddress("getpeername"),
  getsockopt: {
    call: "getsockopt",
    args:
      (_: Context, ...[fd, level, name, value]: F<"getsockopt">) =>
      (length) =>
        length < 0
          ? option(fd, level, name)
          : `${option(fd, level, name)}, ${valueText(value.subarray(0, length))}`,
    value: zero,
  },
  peerPidfd: {
    call: "getsockopt",
    args: (_: Context, fd: number) => (pidfd) =>
      pidfd < 0
        ? option(fd, SOL_SOCKET, SO_PEERPIDFD)
        : `${option(fd, SOL_SOCKET, SO_PEERPIDFD)}, [${pidfd}]`,
    value: zero,
  },
  setsockopt: {
    call: "setsockopt",
    args: (_: Context, ...[fd, level, name, value]: F<"setsockopt">) =>
      always(`${option(fd, level, name)}, ${valueText(value)}`),
  },
  setFilter: {
    call: "setsockopt",
    args: (_: Context, ...[fd, level, name, program]: F<"setFilter">) =>
      always(`${option(fd, level, name)}, ${program.length / BPF_INSTRUCTION} instructions`),
  },
  ioctl: {
    call: "ioctl",
    args: (_: Context, ...[fd, request]: F<"ioctl">) => always(`${fd}, ${hex(request)}`),
  },
  shutdown: {
    call: "shutdown",
    args: (_: Context, ...[fd, how]: F<"shutdown">) => always(`${fd}, ${NAMES.shutdown[how] ?? how}`),
  },
  close: { call: "close", args: (_: Context, fd: number) => always(String(fd)) },
  dup: { call: "fcntl", args: (_: Context, fd: number) => always(`${fd}, F_DUPFD_CLOEXEC`) },
  setNonBlocking: { call: "fcntl", args: (_: Context, fd: number) => always(`${fd}, F_SETFL, O_NONBLOCK`) },
  now: "quiet",
  poll: {
    call: "ppoll",
    args: (_: Context, ...[fd, events, timeout = 0]: F<"poll">) =>
      always(`[{fd: ${fd}, events: ${flagNames(POLL_NAMES, events)}}], ${timeout} ms`),
    value: (events) => flagNames(POLL_NAMES, events),
  },
  flock: {
    call: "flock",
    args: (_: Context, ...[fd, operation]: F<"flock">) =>
      always(`${fd}, ${flagNames(LOCK_NAMES, operation)}`),
  },
  rename: {
    call: "renameat2",
    args: (_: Context, ...[from, to]: F<"rename">) =>
      always(`${pathText(from)}, ${pathText(to)}, RENAME_NOREPLACE`),
  },
  openPath: {
    call: "openat",
    args: (_: Context, path: Uint8Array) => always(`${pathText(path)}, O_PATH|O_NOFOLLOW|O_CLOEXEC`),
  },
  sendmsg: {
    call: "sendmsg",
    args: (context: Context, ...[fd, iov, flags, control, address]: F<"sendmsg">) => {
      const data = dataText(viewsOf(iov));
      const text = messageText(
        data,
        control === undefined && address === undefined ? {} : outgoing(context, control, address),
      );
      return always(`${fd}, ${text}, ${messageFlags(flags)}`);
    },
  },
  recvmsg: {
    call: "recvmsg",
    args:
      ({ native }: Context, ...[fd, iov, flags, control, address]: F<"recvmsg">) =>
      (result) => {
        const views = viewsOf(iov);
        if (result < 0) return `${fd}, ${roomFor(views)}, ${messageFlags(flags)}`;
        const length = native.result[RESULT_ADDRESS_LENGTH]!;
        const attached = {
          control: control?.subarray(0, native.result[RESULT_CONTROL_LENGTH]!),
          address: (address ?? native.scratch.subarray(0, ADDRESS_SPACE)).subarray(0, length),
          flags: native.result[RESULT_FLAGS]! & ~MSG_CMSG_CLOEXEC,
        };
        return `${fd}, ${messageText(dataText(views, Math.min(result, totalOf(views))), attached)}, ${messageFlags(flags)}`;
      },
  },
  sendmmsg: {
    call: "sendmmsg",
    args: (_: Context, ...[fd, flags, count, numbers, , ...parts]: F<"sendmmsg">) => {
      const messages = batch(messagesOf(count, numbers, parts), count, ({ views, address, control }) =>
        messageText(dataText(views), { address, control }),
      );
      return always(`${fd}, ${messages}, ${messageFlags(flags)}`);
    },
  },
  recvmmsg: {
    call: "recvmmsg",
    args: (_: Context, ...[fd, flags, count, numbers, addresses, ...parts]: F<"recvmmsg">) => {
      const offered = messagesOf(count, numbers, parts);
      return (result) => {
        const messages = batch(offered, Math.max(result, 0), ({ views, address, control }, i) => {
          const at = i * MMSG_NUMBERS;
          const start = i * ADDRESS_SPACE;
          const memory = address ?? addresses.subarray(start, start + ADDRESS_SPACE);
          return messageText(dataText(views, Math.min(numbers[at + MMSG_BYTES]!, totalOf(views))), {
            address: memory.subarray(0, numbers[at + RESULT_ADDRESS_LENGTH]!),
            control: control?.subarray(0, numbers[at + RESULT_CONTROL_LENGTH]!),
            flags: numbers[at + RESULT_FLAGS]! & ~MSG_CMSG_CLOEXEC,
          });
        });
        return `${fd}, ${result < 0 ? `room for ${count}` : messages}, ${messageFlags(flags)}`;
      };
    },
  },
  pathOf: "quiet",
  send: {
    call: "sendmsg",
    args: (context: Context, ...[iov, control, address]: F<"send">) => {
      const { call, scratch } = context.native;
      const at = ADDRESS_SPACE + SCRATCH_CONTROL;
      const views = iov === undefined ? [scratch.slice(at, at + call[CALL_SIZE]!)] : viewsOf(iov);
      const text = messageText(dataText(views), outgoing(context, control, address));
      return always(`${call[CALL_FD]}, ${text}, ${messageFlags(call[CALL_FLAGS]!)}`);
    },
  },
  dataBuffer: "quiet",
  controlBuffer: "quiet",
  receive: {
    call: "recvmsg",
    args: (context: Context, iov?: Iov) => {
      const { call } = context.native;
      const start = `${call[CALL_FD]}, `;
      const end = `, ${messageFlags(call[CALL_FLAGS]! | MSG_DONTWAIT)}`;
      const size = call[CALL_SIZE]!;
      return (result) => {
        const views = iov === undefined ? [context.data.subarray(0, size)] : viewsOf(iov);
        if (result < 0) return `${start}${roomFor(views)}${end}`;
        // A message that is longer than the memory is kept elsewhere, or is cut.
        return `${start}${messageText(dataText(views, result), arrived(context))}${end}`;
      };
    },
  },
  takeWhole: "quiet",
  sendSlots: {
    call: "sendmmsg",
    args: ({ native }: Context, ...[memory, table]: F<"sendSlots">) => {
      const { call } = native;
      const [first, end] = [call[CALL_FIRST]!, call[CALL_END]!];
      const messages = slots(native, memory, table, first, end);
      return always(`${call[CALL_FD]}, ${messages}, ${messageFlags(call[CALL_FLAGS]!)}`);
    },
  },
  receiveSlots: {
    call: "recvmmsg",
    args: ({ native }: Context, ...[memory, table]: F<"receiveSlots">) => {
      const { call } = native;
      const [fd, end, flags] = [call[CALL_FD]!, call[CALL_END]!, call[CALL_FLAGS]! | MSG_DONTWAIT];
      return (result) => {
        const messages = result < 0 ? `room for ${end}` : slots(native, memory, table, 0, result);
        return `${fd}, ${messages}, ${messageFlags(flags)}`;
      };
    },
  },
  sendSegments: {
    call: "sendmmsg",
    args: (context: Context, ...[data, control, address]: F<"sendSegments">) => {
      const { call } = context.native;
      const text = messageText(dataText([data]), outgoing(context, control, address));
      const size = call[CALL_SIZE];
      return always(
        `${call[CALL_FD]}, ${text} in datagrams of ${size} bytes, ${messageFlags(call[CALL_FLAGS]!)}`,
      );
    },
  },
  startReceive: {
    starts: "recvmsg",
    token: 5,
    args: (_: Context, ...[fd, size, , , flags]: F<"startReceive">) =>
      `${fd}, room for ${size} bytes, ${messageFlags(flags | MSG_DONTWAIT)}`,
  },
  endReceive: {
    ends:
      (context: Context, ...[, memory]: F<"endReceive">) =>
      (result) =>
        result < 0
          ? ""
          : ` ${messageText(dataText([memory], Math.min(result, memory.length)), arrived(context))}`,
  },
  startSend: {
    starts: "sendmsg",
    token: 5,
    args: (_: Context, ...[fd, iov, control, address, flags]: F<"startSend">) =>
      `${fd}, ${messageText(dataText(viewsOf(iov)), { control, address })}, ${messageFlags(flags)}`,
  },
  startConnect: {
    starts: "connect",
    token: 2,
    args: (_: Context, ...[fd, address]: F<"startConnect">) => `${fd}, ${addressText(address)}`,
  },
  startAccept: {
    starts: "accept4",
    token: 2,
    args: (_: Context, ...[fd, flags]: F<"startAccept">) => `${fd}, ${socketTypeText(flags)}`,
  },
  endCall: { ends: () => always("") },
  // traced.ts prints the closes that have ended.
  takeFinished: "quiet",
  closing: "quiet",
  adopt: { call: "fcntl", args: (_: Context, fd: number) => always(`${fd}, F_GETFD`), value: zero },
  holds: "quiet",
  detach: "quiet",
  release: {
    starts: "close",
    token: 2,
    args: (_: Context, fd: number) => String(fd),
  },
  held: "quiet",
  deposit: "quiet",
  claim: "quiet",
  openFilesLimit: { call: "getrlimit", args: () => always("RLIMIT_NOFILE") },
  collect: "quiet",
  watch: { call: "epoll_create1", args: () => always("EPOLL_CLOEXEC"), value: zero },
  watchAdd: {
    call: "epoll_ctl",
    args: (_: Context, fd: number) =>
      always(`EPOLL_CTL_ADD, ${fd}, EPOLLIN|EPOLLPRI|EPOLLOUT|EPOLLRDHUP|EPOLLET`),
  },
  watchRemove: { call: "epoll_ctl", args: (_: Context, fd: number) => always(`EPOLL_CTL_DEL, ${fd}`) },
  // libuv makes the system call later, before it waits.
  watchPoll: {
    call: "uv_poll_start",
    args: (_: Context, ...[fd, , , events]: F<"watchPoll">) =>
      always(`${fd}, ${flagNames(EPOLL_NAMES, events)}`),
  },
  watchUnpoll: { call: "uv_poll_stop", args: (_: Context, fd: number) => always(String(fd)), value: zero },
  watchRef: "quiet",
};

const roomFor = (views: readonly Uint8Array[]): string => `{data: room for ${totalOf(views)} bytes}`;
