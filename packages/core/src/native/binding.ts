/**
 * The native layer as TypeScript sees it: system calls, custody of descriptors, readiness.
 *
 * Each function returns a count, a number, or a negative errno; none throws. What does not fit into the return value is in
 * {@link Binding.result} until the next call. The functions trust their arguments: `syscalls/` checks them first.
 *
 * C++ has the numbers of this file in native/src/contract.h, under the same names (CALL_FD is kCallFd there), and {@link CALLS} in
 * syscalls.h. test/native/contract.test.ts compares them.
 */

/**
 * At or below this, a result says that no path to the system call is permitted. ia32 has two paths, and a seccomp filter can deny
 * both. `DENIED - result` is the errno with which the last path was denied.
 */
export const DENIED = -65_536;
/**
 * {@link Binding.receive} has received nothing, because too many descriptors from the socket's peer wait to be closed. No event
 * says when there are fewer, so try again after a while.
 */
export const THROTTLED = -5000;
/**
 * {@link Binding.receive} and {@link Binding.send} have not made the call, because it could wait for another process.
 * {@link Binding.startReceive} and {@link Binding.startSend} make it in a thread.
 */
export const OFF_LOOP = -5001;
/** {@link Binding.receive} and {@link Binding.send}: the descriptor is not held, because other code has closed it. */
export const GONE = -5002;

/** One view, or a dense array of views that the caller's code can't reach. */
export type Iov = Uint8Array | readonly Uint8Array[];

/**
 * Positions in {@link Binding.result} after {@link Binding.recvmsg} and {@link Binding.receive}, and for each message in the
 * `numbers` of {@link Binding.recvmmsg}. RESULT_ADDRESS_LENGTH is set by {@link Binding.accept4}, too.
 */
export const RESULT_CONTROL_LENGTH = 0;
export const RESULT_ADDRESS_LENGTH = 1;
export const RESULT_FLAGS = 2;

/**
 * Positions in {@link Binding.result} after {@link Binding.receive}: how many descriptors custody has taken, and how many it
 * closes.
 */
export const RESULT_KEPT = 3;
export const RESULT_DROPPED = 4;
/** The descriptor of SCM_PIDFD, or -1. */
export const RESULT_PIDFD = 5;
export const RESULT_PIDFD_GENERATION = 6;
/** After {@link Binding.now}. */
export const RESULT_NANOSECONDS = 0;
/** The generation of the descriptor that a call has returned. */
export const RESULT_GENERATION = 7;
/** After {@link Binding.receiveSlots}: the error that ended it, -EAGAIN if nothing more was there or nothing more had room. */
export const RESULT_STOPPED = 8;
/**
 * Here begin pairs (descriptor, generation): two after {@link Binding.socketpair}, {@link RESULT_KEPT} after
 * {@link Binding.receive}.
 */
export const RESULT_FDS = 9;

/** In the `numbers` of {@link Binding.recvmmsg}: the position of a message's length in bytes, and how many numbers a message has. */
export const MMSG_BYTES = 3;
export const MMSG_NUMBERS = 4;
/** The first number of a message, before the call: how many views it has, and whether an address and control data come first. */
export const MMSG_VIEWS = 0xffff;
export const MMSG_ADDRESS = 1 << 16;
export const MMSG_CONTROL = 2 << 16;
/** How many parts of a batch can be arguments. Node-API fetches an argument in 2 ns, but an element of an array in 100 ns. */
export const MMSG_PARTS = 256;
/**
 * A slot has so many numbers. The first are at the positions RESULT_CONTROL_LENGTH to RESULT_PIDFD_GENERATION, as in
 * {@link Binding.result}. At SLOT_BYTES is the length of the message in bytes.
 */
export const SLOT_NUMBERS = 8;
export const SLOT_BYTES = 7;
/** How many numbers the native layer needs for the headers of a slot. */
export const SLOT_HEADER = 32;
/** Bytes for each address: sizeof(struct sockaddr_storage). */
export const ADDRESS_SPACE = 128;
/** How many bytes of control data fit into {@link Binding.scratch}. */
export const SCRATCH_CONTROL = 1024;
/** How many bytes of data fit into it: as many as V8 keeps on its own heap (--typed-array-max-size-in-heap). */
export const SCRATCH_DATA = 64;

/** Positions in {@link Binding.call}. */
export const CALL_FD = 0;
export const CALL_GENERATION = 1;
/** MSG_* flags. {@link Binding.receive} needs MSG_CMSG_CLOEXEC on Unix sockets, and must not have it on others. */
export const CALL_FLAGS = 2;
/** {@link Binding.receive}: how many bytes to fill. {@link Binding.send}: how many bytes to send are in the scratch memory. */
export const CALL_SIZE = 3;
/** How many descriptors to keep. */
export const CALL_MAX_FDS = 4;
/** 1: a connected Unix datagram socket. Then {@link Binding.send} returns {@link OFF_LOOP} while its own queue is not empty. */
export const CALL_PURGES = 5;
/** How many bytes of control data, and of an address, to send are in the scratch memory. */
export const CALL_CONTROL = 6;
export const CALL_ADDRESS = 7;
/** For {@link Binding.receive}. 1: keep a message that does not fit into the data buffer. {@link Binding.takeWhole} copies it. */
export const CALL_WHOLE = 8;
/** The first slot to send, and the slot behind the last one to send or to receive into. */
export const CALL_FIRST = 9;
export const CALL_END = 10;
/** How many numbers {@link Binding.call} has. */
export const CALL_NUMBERS = 11;
/** At CALL_SIZE, CALL_CONTROL and CALL_ADDRESS: this part is given as an argument instead. */
export const IN_ARGUMENT = -1;

/**
 * More bytes than any Unix message has: with pages of 4 KiB, the kernel makes none that is longer than 4 MiB and 17 pages
 * (unix_dgram_sendmsg(), net/unix/af_unix.c).
 */
export const LONGEST_UNIX_MESSAGE = 16 << 20;

/**
 * How many events {@link Binding.watch} reports in one call: {@link EVENT_NUMBERS} each, which are slot, generation and epoll
 * events.
 */
export const MAX_EVENTS = 256;
export const EVENT_NUMBERS = 3;
export const EVENT_SLOT = 0;
export const EVENT_GENERATION = 1;
export const EVENT_BITS = 2;
/** Positions behind the events. The first: how many events are being reported, 0 while none are. */
export const EVENT_COUNT = EVENT_NUMBERS * MAX_EVENTS;
/** 1: when the events have been reported, {@link Binding.watchRef} must be true. */
export const EVENTS_KEEP_ALIVE = EVENT_COUNT + 1;
/** The slot of an event that says that a close or a call has finished in a thread: see {@link Binding.takeFinished}. */
export const FINISHED_SLOT = -1;

/** The system calls that ia32 can make in two ways, in the order in which {@link Binding.pathOf} counts them. */
export const CALLS = [
  "socket",
  "socketpair",
  "bind",
  "connect",
  "listen",
  "accept4",
  "getsockname",
  "getpeername",
  "getsockopt",
  "setsockopt",
  "shutdown",
  "sendto",
  "sendmsg",
  "recvmsg",
  "sendmmsg",
  "recvmmsg",
] as const;

/** The call goes through socketcall(2). */
export const PATH_SOCKETCALL = 1;

/** The exports of the native file. */
export interface Addon {
  /** Opens a binding with its own custody and readiness. Each copy of this library that a thread has loaded opens one. */
  open(): Binding;
}

export interface Binding {
  readonly result: Int32Array;
  /** The numbers that {@link send} and {@link receive} need. Writing them here is faster than passing them. */
  readonly call: Int32Array;
  /**
   * Memory for small data until the next call, because copying them is faster than passing a view. First
   * {@link ADDRESS_SPACE} bytes for an address, then {@link SCRATCH_CONTROL} bytes for control data, then {@link SCRATCH_DATA}
   * bytes for data to send.
   */
  readonly scratch: Uint8Array;

  // System calls. A descriptor that they return is in custody, and its generation is at RESULT_GENERATION.

  socket(domain: number, type: number, protocol: number): number;
  /** The descriptors and their generations are at {@link RESULT_FDS}. */
  socketpair(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array): number;
  connect(fd: number, address: Uint8Array): number;
  listen(fd: number, backlog: number): number;
  /** The peer address's full length is at {@link RESULT_ADDRESS_LENGTH}. */
  accept4(fd: number, address: Uint8Array | null, flags: number): number;
  /** Returns the address's full length, which may be longer than the buffer. */
  getsockname(fd: number, address: Uint8Array): number;
  getpeername(fd: number, address: Uint8Array): number;
  /**
   * Returns the value's length in bytes, also for SO_GET_FILTER, whose length the kernel counts in instructions. The value of
   * SO_PEERPIDFD is a descriptor, which is not in custody: see {@link peerPidfd}.
   */
  getsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** getsockopt(SO_PEERPIDFD): returns the descriptor. */
  peerPidfd(fd: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** setsockopt(2) with a struct sock_fprog. `program` has its instructions, of 8 bytes each. */
  setFilter(fd: number, level: number, name: number, program: Uint8Array): number;
  /** ioctl(2): `argument` has as many bytes as the kernel reads and writes for `request`. */
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  shutdown(fd: number, how: number): number;
  /** close(2), in this thread. A descriptor that is in custody leaves it. */
  close(fd: number): number;
  /** fcntl(F_DUPFD_CLOEXEC). */
  dup(fd: number): number;
  /** fcntl(F_SETFL): sets O_NONBLOCK on the open file description. */
  setNonBlocking(fd: number): number;
  /** clock_gettime(2): returns the seconds. The nanoseconds are at {@link RESULT_NANOSECONDS}. */
  now(clock: number): number;
  /**
   * ppoll(2): which of the events the descriptor has. Waits for `timeout` ms at most; without it, not at all. Returns -EINTR if a
   * signal ended the wait. Only for sockets, except in `syscalls/`: for a file of FUSE, the kernel asks the file system's daemon, and
   * waits for its answer.
   */
  poll(fd: number, events: number, timeout?: number): number;
  flock(fd: number, operation: number): number;
  /** renameat2(RENAME_NOREPLACE): -EEXIST if `to` is there. Both paths end with a NUL byte. */
  rename(from: Uint8Array, to: Uint8Array): number;
  /** openat(O_PATH | O_NOFOLLOW | O_CLOEXEC), of a path that ends with a NUL byte. */
  openPath(path: Uint8Array): number;

  /**
   * {@link call} says which of the last two are arguments: see {@link CALL_CONTROL}. Without a control message and an address, leave
   * both out.
   */
  sendmsg(fd: number, iov: Iov, flags: number, control?: Uint8Array, address?: Uint8Array): number;
  /** The same for recvmsg(2). Without `address`, the address goes to {@link Binding.scratch}. */
  recvmsg(
    fd: number,
    iov: Iov,
    flags: number,
    control?: Uint8Array | null,
    address?: Uint8Array | null,
  ): number;
  /**
   * `numbers` has {@link MMSG_NUMBERS} for each message. The first says which parts the message has; the call does not use the
   * others. `parts` has the parts of all messages: for each message its address, its control data, and its views. If there are more
   * than {@link MMSG_PARTS}, they are one array.
   */
  sendmmsg(
    fd: number,
    flags: number,
    count: number,
    numbers: Int32Array,
    addresses: null,
    ...parts: readonly (Uint8Array | readonly Uint8Array[])[]
  ): number;
  /**
   * Like {@link sendmmsg}. An address is memory to fill. A message without one uses its {@link ADDRESS_SPACE} bytes of `addresses`.
   * `numbers` gets the results of each message that has arrived.
   */
  recvmmsg(
    fd: number,
    flags: number,
    count: number,
    numbers: Int32Array,
    addresses: Uint8Array,
    ...parts: readonly (Uint8Array | readonly Uint8Array[])[]
  ): number;

  /**
   * How this machine makes the call at that position in {@link CALLS}: 0 by the call's own number; {@link PATH_SOCKETCALL}; or the
   * negative errno with which every path is denied.
   */
  pathOf(call: number): number;

  // Messages of descriptors that custody holds: each has a number and a generation.

  /** sendmsg(2). {@link call} has the descriptor, the flags, and which parts are arguments. */
  send(iov?: Iov, control?: Uint8Array, address?: Uint8Array): number;
  /** Sets the memory for the data that {@link receive} returns. It replaces the memory before. */
  dataBuffer(memory: Uint8Array): void;
  /** The same for control data. */
  controlBuffer(memory: Uint8Array): void;
  /**
   * recvmsg(2) with MSG_DONTWAIT, and with room for every descriptor that a message can carry. {@link call} has the descriptor to
   * receive from, the flags and the sizes. As many descriptors as {@link call} asks for stay in custody
   * (result[RESULT_FDS…]), and threads close the others. The other control messages go to the {@link controlBuffer}; the kernel
   * gets its length as the room for them. The address goes to {@link Binding.scratch}, and the data to `iov`, or
   * without it to the {@link dataBuffer}. Only Unix sockets return {@link THROTTLED} and {@link OFF_LOOP}.
   */
  receive(iov?: Iov): number;
  /**
   * Copies a message of `length` bytes that {@link receive} has just returned with {@link CALL_WHOLE}, and that is longer than the
   * data buffer. Then it frees the memory beyond the data buffer. If `to` has another length, it copies nothing, but still frees the
   * memory.
   */
  takeWhole(to: Uint8Array, length: number): void;

  // Batches. A batch has two pieces of memory, and a slot for each message. `memory` is divided into slots of the same length. In each
  // slot, CALL_CONTROL bytes are for control data, then ADDRESS_SPACE bytes for the address, then CALL_SIZE bytes for the data.
  // `table` begins with SLOT_NUMBERS for each slot. Then come SLOT_HEADER numbers for each slot and for one more. They are for the
  // native layer alone: they are 0 at first, and JavaScript never changes them. If `memory` was transferred, the calls return -EFAULT.

  /**
   * sendmmsg(2) of the slots {@link CALL_FIRST} to {@link CALL_END}. Returns how many messages were sent, or the error of the first.
   * With CALL_PURGES, give it one slot at a time.
   */
  sendSlots(memory: Uint8Array, table: Int32Array): number;
  /**
   * Receives as many messages as are there, {@link CALL_END} at most. Returns how many, or the error of the first. On Unix sockets it
   * treats each message as {@link receive} does, and `pairs` gets the descriptors of all messages, in order. It ends before `pairs`
   * could be too short, and after a message of 0 bytes.
   */
  receiveSlots(memory: Uint8Array, table: Int32Array, pairs: Int32Array): number;
  /**
   * sendmmsg(2) of datagrams that `data` is cut into, of {@link CALL_SIZE} bytes each. Returns how many bytes of the data were sent:
   * not all if one datagram was refused, or if there are many. All datagrams have the same control data and address, which are
   * given as for {@link send}.
   */
  sendSegments(data: Uint8Array, control?: Uint8Array, address?: Uint8Array): number;

  // Calls that a thread makes. 0, or a negative errno when the thread can't be started. Once the call has returned, `onReady`
  // reports FINISHED_SLOT, and `takeFinished` returns the token. If the descriptor is released meanwhile, it is closed after the
  // call.

  /** Starts the call that {@link receive} did not make. */
  startReceive(
    fd: number,
    size: number,
    controlSpace: number,
    addressSpace: number,
    flags: number,
    token: number,
  ): number;
  /** Returns the result of {@link startReceive}, as {@link receive} does. */
  endReceive(token: number, memory: Uint8Array, length: number, maxFds: number): number;
  /** Starts the call that {@link send} did not make. Copies all parts. */
  startSend(
    fd: number,
    iov: Iov,
    control: Uint8Array | null,
    address: Uint8Array | null,
    flags: number,
    token: number,
  ): number;
  /** Starts connect(2). Makes the descriptor non-blocking first. */
  startConnect(fd: number, address: Uint8Array, token: number): number;
  /** Starts accept4(2). Makes the descriptor non-blocking first. -EAGAIN: no connection is waiting. */
  startAccept(fd: number, flags: number, token: number): number;
  /** Returns the result of the other three. The descriptor after {@link startAccept} is in custody, as after {@link accept4}. */
  endCall(token: number): number;
  /** Moves the tokens of closes and calls that have finished to `tokens`, and returns how many. */
  takeFinished(tokens: Int32Array): number;
  /** How many closes and calls wait for a thread, or are running in one. */
  closing(): number;

  // Custody: which descriptors the environment owns.

  /** Takes a descriptor that other code opened. Returns its generation, -EBADF, or -EEXIST if it is already held. */
  adopt(fd: number): number;
  holds(fd: number, generation: number): boolean;
  /** Gives up the descriptor without closing it. False: it was not held. */
  detach(fd: number, generation: number): boolean;
  /**
   * Closes the descriptor in a thread. False: it was not held, because other code had closed it. With a token (> 0),
   * `onReady` reports {@link FINISHED_SLOT} once close(2) has returned, and {@link takeFinished} returns the token.
   */
  release(fd: number, generation: number, token: number): boolean;
  /** How many descriptors are held. */
  held(): number;
  /**
   * Moves a held descriptor to the process-wide table of tickets. Returns the ticket (> 0), or 0 if the descriptor was not held.
   */
  deposit(fd: number, generation: number): number;
  /** Returns a deposited descriptor. It is in custody, with the generation at RESULT_GENERATION. -ENOENT: no such ticket. */
  claim(ticket: number): number;
  /** RLIMIT_NOFILE, at most 0x7fffffff. */
  openFilesLimit(): number;
  /** Makes V8 collect all garbage before this returns. `bytes`: v8.getHeapStatistics().heap_size_limit. */
  collect(bytes: number): void;

  // Readiness: an edge-triggered epoll instance for any descriptor, and libuv's own level-triggered watch of single descriptors.

  /**
   * Starts watching. Call it once. `onReady` is called when there are events in the returned array: see {@link MAX_EVENTS}.
   * With `thread`, a thread of the library waits for them instead of libuv's loop (Bun, Deno). A negative errno: it failed.
   */
  watch(onReady: () => void, thread: boolean): Int32Array | number;
  /** Registers a descriptor in the epoll instance, for EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLRDHUP and EPOLLERR. */
  watchAdd(fd: number, slot: number, generation: number): number;
  watchRemove(fd: number): number;
  /**
   * Makes libuv watch the descriptor for EPOLLIN, EPOLLOUT or both, instead of the events before. While the
   * descriptor is ready, `onReady` is called in each turn of the loop. Events of 0 end the watch for now. So does an EPOLLERR,
   * which comes alone. The descriptor becomes non-blocking. A negative errno: it is not watched.
   */
  watchPoll(fd: number, slot: number, generation: number, events: number): number;
  /** Ends libuv's watch for good. */
  watchUnpoll(fd: number, slot: number, generation: number): void;
  /** Sets whether watching keeps the process alive. At first it does not. */
  watchRef(keepAlive: boolean): void;
}
