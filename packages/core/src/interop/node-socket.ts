import type { Server as NetServer, Socket as NetSocket } from "node:net";
import { dgram, fs, net } from "../builtins.js";
import { AF_UNIX } from "../constants/address-families.js";
import { codedError, invalidArgType, invalidArgValue, printed } from "../errors.js";
import { binding } from "../native/load.js";
import { openFile } from "../reasons/open-file.js";
import { isBun } from "../runtime.js";
import { terminated } from "../socket-file/file-path.js";
import { nameBeside } from "../socket-file/remove-file.js";
import { borrowFd, HANDED_OVER } from "./sendable.js";

/** The properties of Node's sockets and servers that we need. Not all of them are in Node's types. */
interface NodeSocket {
  connecting?: boolean;
  destroyed?: boolean;
  encrypted?: boolean;
  writableLength?: number;
  /** The HTTP parser that reads from the socket. */
  parser?: object | null;
  close?: () => void;
  getSendQueueCount?: () => number;
}

/** What a Node object leaves to us. */
export interface LeftBehind {
  /** Bytes that it had read, but that the program had not taken yet. */
  data?: Buffer | undefined;
  /** The socket file that it would have removed. */
  path?: string | undefined;
}

export interface FromNode {
  fd: number;
  /** Ends the Node object. The file stays open in a duplicate. */
  end: () => LeftBehind;
}

/** What to call for something that is no socket. */
function insteadOf(source: unknown): string {
  if (typeof source === "string") return AT_AN_ADDRESS;
  if (typeof source !== "object" || source === null) return "";
  if ("path" in source || "abstract" in source || "address" in source) return AT_AN_ADDRESS;
  if (!("fd" in source)) return "";
  const { fd } = source;
  const file = typeof fd === "number" ? openFile(fd) : undefined;
  if (file === "a socket") return "Give its number, fd";
  return `Only sockets can be taken over${file === undefined || file === "closed" ? "" : `, and this is ${file}`}`;
}

const AT_AN_ADDRESS =
  "To open a socket at an address, use Socket.connect(), Socket.bind() or Listener.listen()";

/** Checks that no data is lost if we take over the file of a Node socket. `familyOf` asks the kernel. */
export function fromNodeSocket(source: unknown, familyOf: (fd: number) => number): FromNode {
  if (typeof source === "object" && source !== null && HANDED_OVER in source) {
    throw invalidArgValue(
      "source",
      `is ${printed(source)} of this library already. Use it as it is, or give what its detach() returns`,
    );
  }
  const { Server, Socket } = net();
  if (!(source instanceof Socket || source instanceof Server || source instanceof dgram().Socket)) {
    throw invalidArgType(
      "source",
      "a descriptor number, a FileDescriptor or one of Node's sockets",
      source,
      insteadOf(source),
    );
  }
  const socket = source as NodeSocket;
  if (socket.encrypted === true) {
    throw invalidArgValue("source", "must not be a TLSSocket: its keys and buffers cannot be taken over");
  }
  if (socket.connecting === true) throw codedError("ERR_INVALID_STATE", "The socket is still connecting");
  if (socket.destroyed === true) throw codedError("ERR_SENDMSG_CLOSED", "The socket is closed");
  if ((socket.writableLength ?? 0) > 0) {
    throw codedError("ERR_INVALID_STATE", "The socket has bytes that are not written yet");
  }
  if (socket.parser) {
    throw codedError(
      "ERR_INVALID_STATE",
      "An HTTP parser reads from the socket, and may have taken bytes that nobody could get back. Take connections over from a " +
        'net.Server, or after the event "upgrade" or "connect"',
    );
  }
  const fd = borrowFd("source", source);
  if (source instanceof Server) return { fd, end: () => endServer(source) };
  if (!(source instanceof Socket)) {
    if ((socket.getSendQueueCount?.() ?? 0) > 0) {
      throw codedError("ERR_INVALID_STATE", "The socket has datagrams that are not sent yet");
    }
    return {
      fd,
      end: () => {
        socket.close?.();
        return {};
      },
    };
  }
  if (familyOf(fd) === AF_UNIX && source.bytesRead > 0) {
    throw codedError(
      "ERR_INVALID_STATE",
      "The socket has already read bytes, and descriptors that came with them are lost. Make its server with pauseOnConnect: true",
    );
  }
  if (source.readableEncoding !== null && source.bytesRead > 0) {
    throw codedError(
      "ERR_INVALID_STATE",
      "The socket has decoded its data to text (setEncoding), and the bytes themselves are gone",
    );
  }
  return {
    fd,
    end: () => {
      source.pause();
      // Otherwise read() would pass the bytes to these listeners. They become our first message.
      source.removeAllListeners("data");
      const data = source.read() as Buffer | null;
      source.destroy();
      return { data: data ?? undefined };
    },
  };
}

/**
 * Closes a server but keeps its socket file. libuv removes any file that has the server's path, even another server's. So we make a
 * hard link to the file first, and put the file back at once.
 */
function endServer(server: NetServer): LeftBehind {
  const path = pathOf(server);
  if (path === undefined) {
    server.close();
    return {};
  }
  const kept = nameBeside(path);
  try {
    fs().linkSync(path, kept);
  } catch {
    // The kernel may forbid linking another user's file (proc_sys_fs(5), protected_hardlinks), but then renaming it works. If we
    // may not write to the directory, libuv can't remove the file either.
    const [from, to] = [terminated(path), terminated(kept)];
    const isAside = binding().rename(from, to) >= 0;
    server.close();
    if (isAside) binding().rename(to, from);
    return { path };
  }
  server.close();
  try {
    fs().linkSync(kept, path);
  } catch {
    // Another server has bound to the path meanwhile. The path belongs to it now.
  }
  fs().unlinkSync(kept);
  return { path };
}

/** The path to which the server has bound, if a file is there. */
function pathOf(server: NetServer): string | undefined {
  const address = server.address();
  if (typeof address !== "string" || address.startsWith("\0")) return undefined;
  try {
    fs().lstatSync(address);
    return address;
  } catch {
    // There is no file, or none that libuv can reach.
    return undefined;
  }
}

/** Makes a net.Socket from a connected stream. The net.Socket then owns the descriptor. */
export function toNetSocket(fd: number): NetSocket {
  // Bun's constructor ignores `fd`, but its connect() accepts it.
  const { Socket } = net();
  if (isBun) return new Socket().connect({ fd } as never);
  return new Socket({ fd, readable: true, writable: true });
}
