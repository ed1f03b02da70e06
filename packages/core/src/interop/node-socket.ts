import type { Server as NetServer, Socket as NetSocket } from "node:net";
import { dgram, fs, net } from "../builtins.js";
import { AF_UNIX } from "../constants/address-families.js";
import { codedError, invalidArgType, invalidArgValue } from "../errors.js";
import { binding } from "../native/load.js";
import { isBun } from "../runtime.js";
import { terminated } from "../socket/file-path.js";
import { nameBeside } from "../socket/remove-file.js";
import { borrowFd, HANDED_OVER } from "./sendable.js";

/** What of Node's sockets and servers matters here; they say it in properties that are not all in the types. */
interface NodeSocket {
  connecting?: boolean;
  destroyed?: boolean;
  encrypted?: boolean;
  writableLength?: number;
  close?: () => void;
  getSendQueueCount?: () => number;
}

/** What a Node object leaves behind. */
export interface LeftBehind {
  /** What it had read and nobody had asked for yet. */
  data?: Buffer | undefined;
  /** The socket file that it would have removed. */
  path?: string | undefined;
}

export interface FromNode {
  fd: number;
  /** Ends the Node object. The file lives on in a duplicate. */
  end: () => LeftBehind;
}

/** Checks that nothing is lost when a Node socket's file becomes ours. `familyOf` asks the kernel. */
export function fromNodeSocket(source: object, familyOf: (fd: number) => number): FromNode {
  if (HANDED_OVER in source) {
    throw invalidArgValue("source", "must not be a socket of this library: give what its detach() returns");
  }
  const { Server, Socket } = net();
  if (!(source instanceof Socket || source instanceof Server || source instanceof dgram().Socket)) {
    throw invalidArgType("source", "a descriptor number, a FileDescriptor or one of Node's sockets", source);
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
      "The socket has read already: descriptors that came with those bytes are lost. Make its server with pauseOnConnect: true",
    );
  }
  if (source.readableEncoding !== null && source.bytesRead > 0) {
    throw codedError(
      "ERR_INVALID_STATE",
      "The socket has read text (setEncoding): the bytes behind it are gone",
    );
  }
  return {
    fd,
    end: () => {
      source.pause();
      // read() would give its listeners what becomes our first message.
      source.removeAllListeners("data");
      const data = source.read() as Buffer | null;
      source.destroy();
      return { data: data ?? undefined };
    },
  };
}

/**
 * Closes a server, and keeps its socket file. libuv removes whatever has the server's path, be it another server's file: so a
 * hard link keeps what is there, and puts it back at once.
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
    // Another user's file may not be linked (proc_sys_fs(5), protected_hardlinks), only renamed. In a directory that may not be
    // written to, libuv removes nothing.
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
    // Another server has bound to the path meanwhile, which is its own now.
  }
  fs().unlinkSync(kept);
  return { path };
}

/** The path that the server has bound to, if anything is there. */
function pathOf(server: NetServer): string | undefined {
  const address = server.address();
  if (typeof address !== "string" || address.startsWith("\0")) return undefined;
  try {
    fs().lstatSync(address);
    return address;
  } catch {
    // Nothing is there, or where libuv can reach it.
    return undefined;
  }
}

/** A net.Socket over a connected stream, which it owns from now on. */
export function toNetSocket(fd: number): NetSocket {
  // Bun's constructor does not know `fd`, its connect() does.
  const { Socket } = net();
  if (isBun) return new Socket().connect({ fd } as never);
  return new Socket({ fd, readable: true, writable: true });
}
