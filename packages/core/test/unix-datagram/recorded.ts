import { type AddressInput, encodeAddress } from "../../src/address/index.js";
import { AF_UNIX, SOCK_DGRAM } from "../../src/constants/index.js";
import { encodeControl } from "../../src/control/index.js";
import type { FileDescriptor } from "../../src/index.js";
import { bind, recvmsg, sendmsg, socket } from "../../src/syscalls/index.js";
import { UnixDatagramSocket } from "../../src/unix-datagram/index.js";
import { own, ownFd } from "../support/closing.js";
import { freshPath } from "../support/fresh-places.js";

/** A socket, and the calls of its listeners: a message's text ("x+2": with two descriptors), "!ECONNRESET", "room". */
export interface Recorded {
  readonly socket: UnixDatagramSocket;
  readonly events: string[];
}

export interface Options {
  maxFds?: number;
  /** What the listener does with a message after it has closed its descriptors. Default: it returns true. */
  onMessage?: (text: string, from: Uint8Array | undefined) => boolean;
  /** What the listeners do after an error ("!EMFILE") and after "room". */
  onEvent?: (event: string) => void;
}

const textOf = (data: Buffer, fds: readonly FileDescriptor[]) =>
  fds.length === 0 ? `${data}` : `${data}+${fds.length}`;

/** Makes a socket, which is closed when the test ends. */
export function open({ maxFds = 0, onMessage, onEvent }: Options = {}): Recorded {
  const events: string[] = [];
  const note = (event: string) => {
    events.push(event);
    onEvent?.(event);
  };
  const made = new UnixDatagramSocket(maxFds, {
    onMessage(data, from, fds) {
      events.push(textOf(data, fds));
      for (const descriptor of fds) descriptor.close();
      return onMessage?.(`${data}`, from) ?? true;
    },
    onError: (error) => note(`!${(error as NodeJS.ErrnoException).code}`),
    onRoom: () => note("room"),
  });
  return { socket: own(made), events };
}

/** The same, bound to `at`. */
export function server(options: Options = {}, at: AddressInput = { path: freshPath() }) {
  const recorded = open(options);
  recorded.socket.bind(at);
  return { ...recorded, at, address: encodeAddress(at, "at") };
}

export const bytes = (text: string): Uint8Array => Buffer.from(text);

/** A socket of another program, which makes plain system calls. */
export function stranger(): { fd: number; at: AddressInput; address: Uint8Array } {
  const fd = ownFd(socket(AF_UNIX, SOCK_DGRAM));
  const at = { path: freshPath() };
  const address = encodeAddress(at, "at");
  bind(fd, address);
  return { fd, at, address };
}

/** Sends with sendmsg(2). */
export function post(fd: number, data: string, address: Uint8Array | undefined, fds: readonly number[] = []) {
  sendmsg(fd, data, {
    ...(address === undefined ? {} : { address }),
    ...(fds.length === 0 ? {} : { control: encodeControl([{ name: "rights", value: [...fds] }]) }),
  });
}

/** Receives with recvmsg(2). */
export function take(fd: number): string {
  const buffer = Buffer.alloc(64);
  return buffer.toString("utf8", 0, recvmsg(fd, [buffer]).bytes);
}

/** Sends to the peer, or to an address, until there is no room. Returns how many messages went. */
export function fill(sender: UnixDatagramSocket, to: Uint8Array | null = null): number {
  let count = 0;
  while (sender.send(bytes("filler"), to)) count++;
  return count;
}
