/**
 * The native layer as TypeScript sees it: system calls, custody of descriptors, readiness.
 *
 * Every function returns a count, a number or a negative errno. None throws. Further results are in {@link Binding.result} until
 * the next call. The native layer trusts its arguments: `syscalls/` checks them first.
 *
 * A return value at or below {@link DENIED} means that a seccomp filter denies the system call (on ia32, both ways to make it).
 * `DENIED - value` is the errno of the last denial.
 */

/**
 * {@link Binding.receive} returns this if it received nothing, because too many descriptors from the socket's peer wait to be
 * closed. No event says when there are fewer, so try again after a while.
 */
export const DENIED = -65_536;
/**
 * {@link Binding.receive} and {@link Binding.send} return this if they did not make the call, because it could wait for another
 * process. {@link Binding.startReceive} and {@link Binding.startSend} make the call in a thread.
 */
export const HELD_BACK = -5000;
export const OFF_LOOP = -5001;
/** {@link Binding.receive} and {@link Binding.send} return this if the descriptor is not in custody: other code has closed it. */
export const GONE = -5002;

/** One view, or a dense array of views that the caller's code can't reach. */
export type Iov = Uint8Array | readonly Uint8Array[];

/** Positions in {@link Binding.result} after {@link Binding.recvmsg} and {@link Binding.receive}. */
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
/** Here the pairs (descriptor, generation) begin. There are {@link RESULT_KEPT} of them. */
export const RESULT_FDS = 8;

/** Numbers per message in the `results` of {@link Binding.recvmmsg}: bytes, control length, address length, flags. */
export const MMSG_RESULTS = 4;
/** The size of each address slot: sizeof(struct sockaddr_storage). */
export const ADDRESS_SPACE = 128;
/** How many bytes of control data fit into {@link Binding.scratch}. */
export const SCRATCH_CONTROL = 1024;
/**
 * How many bytes of a message fit into {@link Binding.scratch}: as many as V8 keeps on its own heap
 * (--typed-array-max-size-in-heap).
 */
export const SCRATCH_DATA = 64;

/** Positions in {@link Binding.call}. */
export const CALL_FD = 0;
export const CALL_GENERATION = 1;
/** MSG_* flags. {@link Binding.receive} needs MSG_CMSG_CLOEXEC on Unix sockets, and must not have it on others. */
export const CALL_FLAGS = 2;
/**
 * For {@link Binding.receive}: how many bytes to fill. For {@link Binding.send}: how many bytes to send are in the scratch memory.
 */
export const CALL_SIZE = 3;
/** How many descriptors to keep. */
export const CALL_MAX_FDS = 4;
/**
 * 1: the socket is a connected Unix datagram socket. Then {@link Binding.send} returns {@link OFF_LOOP} while its own queue is not
 * empty.
 */
export const CALL_PURGES = 5;
/** How many bytes of control data and of the address to send are in the scratch memory. */
export const CALL_CONTROL = 6;
export const CALL_ADDRESS = 7;
/** For {@link Binding.receive}. 1: keep a message that does not fit into the data room. {@link Binding.takeWhole} returns it. */
export const CALL_WHOLE = 8;
/** At CALL_SIZE, CALL_CONTROL and CALL_ADDRESS: this part is given as an argument instead. */
export const IN_ARGUMENT = -1;

/** The system calls that ia32 can make in two ways, in the order in which {@link Binding.pathOf} counts them. */
export const LONGEST_UNIX_MESSAGE = 16 << 20;

export const MAX_EVENTS = 256;
export const EVENT_NUMBERS = 3;
export const EVENTS_TOLD = EVENT_NUMBERS * MAX_EVENTS;
export const EVENTS_KEEP_ALIVE = EVENTS_TOLD + 1;
export const FINISHED_SLOT = -1;

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

/** What the native file exports. */
export interface Addon {
  /** Opens a binding with its own custody and readiness. Each copy of this library that a thread has loaded opens one. */
  open(): Binding;
}

export interface Binding {
  readonly result: Int32Array;
  /** The arguments of {@link send} and {@link receive}. Writing numbers here is faster than passing them. */
  readonly call: Int32Array;
  /**
   * Memory for small data, valid until the next call, because copying them is faster than passing a view. It has
   * {@link ADDRESS_SPACE} bytes for an address, then {@link SCRATCH_CONTROL} bytes for control data, then {@link SCRATCH_DATA}
   * bytes to send.
   */
  readonly scratch: Uint8Array;

  // With `own`, the descriptors that the kernel returns go into custody before the call returns.

  /** With `own`: result[0] is the generation. */
  socket(domain: number, type: number, protocol: number, own: boolean): number;
  /** result[0], [1]: the descriptors; with `own` result[2], [3]: their generations. */
  socketpair(domain: number, type: number, protocol: number, own: boolean): number;
  bind(fd: number, address: Uint8Array): number;
  connect(fd: number, address: Uint8Array): number;
  listen(fd: number, backlog: number): number;
  /** result[0]: the full length of the peer's address; with `own` result[1]: the generation. `timeout` in ms, -1: none. */
  accept4(fd: number, address: Uint8Array | null, flags: number, timeout: number, own: boolean): number;
  /** Returns the address's full length, which may be longer than the buffer. */
  getsockname(fd: number, address: Uint8Array): number;
  getpeername(fd: number, address: Uint8Array): number;
  /**
   * Returns the value's length in bytes, even for SO_GET_FILTER, for which the kernel counts instructions. With `own`, the value is
   * a descriptor (SO_PEERPIDFD), and result[0] is its generation.
   */
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, own: boolean): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** setsockopt(2) with a struct sock_fprog. `program` contains its instructions, of 8 bytes each. */
  setFilter(fd: number, level: number, name: number, program: Uint8Array): number;
  /** ioctl(2). `argument` must have as many bytes as the kernel reads and writes for `request`. */
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  shutdown(fd: number, how: number): number;
  close(fd: number): number;
  /** fcntl(F_DUPFD_CLOEXEC). With `own`: result[0] is the generation. */
  dup(fd: number, own: boolean): number;
  /** fcntl(F_SETFL): sets O_NONBLOCK on the open file description. */
  setNonBlocking(fd: number): number;
  /**
   * ppoll(2) of a socket, without waiting. Returns which of the events hold. Not for other files: to poll a FUSE file asks its
   * daemon.
   */
  poll(fd: number, events: number): number;
  flock(fd: number, operation: number): number;
  /** renameat2(RENAME_NOREPLACE). Returns -EEXIST if `to` exists. Both paths end with a NUL byte. */
  rename(from: Uint8Array, to: Uint8Array): number;
  /** openat(O_PATH | O_NOFOLLOW | O_CLOEXEC). The path ends with a NUL byte. */
  openPath(path: Uint8Array): number;

  /**
   * `timeout` in ms, -1: none. With a timeout, the call waits with ppoll(2), and never in the system call itself. `control` and
   * `address` can be numbers: then this many bytes of them are in {@link Binding.scratch}. Leave out an argument instead of passing
   * null, which is slower.
   */
  sendmsg(
    fd: number,
    iov: Iov,
    flags: number,
    timeout?: number,
    control?: Uint8Array | number | null,
    address?: Uint8Array | number | null,
  ): number;
  /** The same for recvmsg(2). Without `address`, the address goes to {@link Binding.scratch}. */
  recvmsg(
    fd: number,
    iov: Iov,
    flags: number,
    timeout?: number,
    control?: Uint8Array | null,
    address?: Uint8Array | null,
  ): number;
  /** `parts`: for each message its address or null, its control data or null, then `counts[i]` views. */
  sendmmsg(
    fd: number,
    parts: readonly (Uint8Array | null)[],
    counts: Int32Array,
    flags: number,
    timeout: number,
  ): number;
  /**
   * `parts` as for {@link sendmmsg}, but each address is null or a buffer of {@link ADDRESS_SPACE} bytes to fill. `results` gets
   * {@link MMSG_RESULTS} numbers for each message that arrived.
   */
  recvmmsg(
    fd: number,
    parts: readonly (Uint8Array | null)[],
    counts: Int32Array,
    results: Int32Array,
    flags: number,
    timeout: number,
  ): number;

  /**
   * How this process makes the call at a place of {@link CALLS}. 0: by its own number. {@link PATH_SOCKETCALL}: through
   * socketcall(2). A negative errno: a seccomp filter denies the call, with this errno.
   */
  pathOf(call: number): number;

  // Messages of descriptors that custody holds: each has a number and a generation.

  /** sendmsg(2) with a descriptor in custody. {@link call} contains the descriptor, and says which of the arguments are given. */
  send(iov?: Iov, control?: Uint8Array, address?: Uint8Array): number;
  /** Sets the memory for the data that {@link receive} returns. */
  dataRoom(memory: Uint8Array): void;
  /** Sets the memory for the control data that {@link receive} returns. */
  controlRoom(memory: Uint8Array): void;
  /**
   * recvmsg(2) with MSG_DONTWAIT on a descriptor in custody, which {@link call} contains. There is room for every descriptor that a
   * message can carry. As many as {@link call} asks for stay in custody (result[RESULT_FDS…]). Threads close the others. The other
   * control messages go to {@link controlRoom}; the kernel gets its length as the room for them. The address goes to
   * {@link Binding.scratch}. Without `iov`, the data goes to {@link dataRoom}. Only Unix sockets return {@link HELD_BACK} and
   * {@link OFF_LOOP}.
   */
  receive(iov?: Iov): number;
  /**
   * Copies a message that {@link receive} has just returned with {@link CALL_WHOLE}, and that is longer than the data room:
   * `length` bytes. Then it frees the memory beyond the data room. If `to` has another length, it copies nothing, but frees the
   * memory.
   */
  takeWhole(to: Uint8Array, length: number): void;

  // Calls that a thread makes. They return 0, or a negative errno if they can't be started. When one has returned, `onReady` is
  // called with slot -1, and {@link takeFinished} returns its token. If the descriptor is released meanwhile, it is closed after
  // the call.

  /** Starts the call that {@link receive} did not make. */
  startReceive(
    fd: number,
    size: number,
    controlSpace: number,
    addressSpace: number,
    flags: number,
    token: number,
  ): number;
  /** The result of the call, as {@link receive} returns it. */
  endReceive(token: number, memory: Uint8Array, length: number, maxFds: number): number;
  /** Starts the call that {@link send} did not make. Copies all arguments. */
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
  /** The result of the call. After {@link startAccept}, result[1] is the descriptor's generation. */
  /**
   * The limits of descriptors that peers sent and that wait to be closed. Above a limit, a socket is held back. result[0…2]: the
   * limit of one socket, of its peer's uid, and of the process. Returns how many descriptors must be free below RLIMIT_NOFILE for a
   * receive on the event loop's thread.
   */
  /** RLIMIT_NOFILE, at most 0x7fffffff. */
  /**
   * Takes custody of a descriptor that other code opened. Returns its generation, -EBADF, or -EEXIST if it is already in custody.
   */
  startAccept(fd: number, flags: number, token: number): number;
  endCall(token: number): number;
  takeFinished(tokens: Int32Array): number;
  closing(): number;


  adopt(fd: number): number;
  holds(fd: number, generation: number): boolean;
  /** Gives up custody without closing the descriptor. False: it was not in custody. */
  detach(fd: number, generation: number): boolean;
  /**
   * Closes the descriptor in a thread. False: it was not in custody, because other code has closed it. With a token (> 0),
   * `onReady` is called with slot -1 when close(2) has returned, and {@link takeFinished} returns the token.
   */
  /** Moves the tokens of finished closes and calls into `tokens`. Returns how many. */
  /** How many descriptors are in custody. */
  /** In V8: makes the garbage collector do all its work before this returns. `bytes`: v8.getHeapStatistics().heap_size_limit. */
  /** How many closes and calls wait for a thread, or are running in one. */
  /**
   * Moves a descriptor from custody into the process-wide table of tickets. Returns the ticket (> 0), or 0 if it was not in
   * custody.
   */
  /**
   * Takes a deposited descriptor into this environment's custody. result[0] is the generation. -ENOENT: there is no such ticket.
   */
  release(fd: number, generation: number, token: number): boolean;
  held(): number;
  deposit(fd: number, generation: number): number;
  claim(ticket: number): number;
  /**
   * While so many descriptors of strangers wait to be closed, {@link receive} gives {@link HELD_BACK}. result[0]: descriptors of
   * the socket, result[1]: of its peer's uid, result[2]: of all peers. Returns how many numbers below RLIMIT_NOFILE must be free
   * for a receive on the loop's thread.
   */
  bounds(): number;
  /** RLIMIT_NOFILE, at most 0x7fffffff. */
  openFilesLimit(): number;
  /** Makes V8 collect all garbage before this returns. `bytes`: v8.getHeapStatistics().heap_size_limit. */
  collect(bytes: number): void;

  // Readiness: one edge-triggered epoll instance for any number of descriptors, and libuv's own level-triggered watch of single
  // descriptors.

  /**
   * Starts watching. `onReady` is called when there are events. The returned array then contains triples (slot, generation, epoll
   * events). It contains two more numbers: how many events there are, 0 while none are reported; and the value that
   * {@link watchRef} should have afterwards. `thread`: wait in a thread of our own instead of libuv's loop (Bun, Deno). Call this
   * once. Returns a negative errno on failure.
   */
  watch(onReady: () => void, thread: boolean): Int32Array | number;
  /** Registers a descriptor in the epoll instance, for EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLRDHUP and EPOLLERR. */
  watchAdd(fd: number, slot: number, generation: number): number;
  watchRemove(fd: number): number;
  /**
   * Makes libuv watch the descriptor for EPOLLIN, EPOLLOUT or both, instead of the events before. While the descriptor is ready,
   * `onReady` is called in each turn. 0 stops the watch for now. An EPOLLERR stops it too, and is reported without other events.
   * The descriptor becomes non-blocking. Returns a negative errno if it can't be watched.
   */
  watchPoll(fd: number, slot: number, generation: number, events: number): number;
  /** Stops libuv's watch for good. */
  watchUnpoll(fd: number, slot: number, generation: number): void;
  /** Sets whether watching keeps the process alive. At first it does not. */
  watchRef(keepAlive: boolean): void;
}
