import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AF_UNIX, SOCK_SEQPACKET } from "../../src/constants/index.js";
import { Socket } from "../../src/index.js";
import { bind, close, recvmsg, sendmsg, socketpair } from "../../src/syscalls/index.js";
import { atEnd, own } from "../support/closing.js";
import { fdsIn } from "../support/cmsg.js";
import { PATIENCE, type RawOptions } from "../support/sockets.js";
import { firstOf, root } from "./missing.js";
import type { Missing } from "./proves.js";

/** Folders of the programs that the tests run. */
const PATHS = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

export const hasTool = (program: string): Missing =>
  PATHS.some((path) => existsSync(join(path, program))) ? undefined : `there is no ${program}(8) here`;

/** The reason if {@link namespace} can't work here. */
export const namespaces = (): Missing =>
  firstOf(root(), hasTool("ip"), hasTool("unshare"), hasTool("python3"));

/** A network namespace that has only a loopback interface. A socket stays in the namespace that made it, whoever owns it. */
export class Namespace {
  readonly #child: ChildProcess;
  readonly #channel: number;

  constructor(child: ChildProcess, channel: number) {
    this.#child = child;
    this.#channel = channel;
  }

  /** The process in the namespace. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Runs a program in the namespace, and returns its output: `run("ip link set lo up")`. */
  run(command: string): string {
    return this.#ask(`run ${command}`).text;
  }

  /** Makes a socket in the namespace. */
  open(family: number, type: number, protocol = 0, { at, ...options }: RawOptions = {}): Socket {
    const [fd] = this.#ask(`socket ${family} ${type} ${protocol}`).fds as [number];
    try {
      if (at) bind(fd, at);
      return own(Socket.from(fd, options));
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  #ask(request: string): { text: string; fds: number[] } {
    sendmsg(this.#channel, request);
    return this.answer(request);
  }

  answer(request: string): { text: string; fds: number[] } {
    const control = new Uint8Array(64);
    const answer = Buffer.alloc(65_536);
    const { bytes, controlLength } = recvmsg(this.#channel, [answer], { control, timeout: 2 * PATIENCE });
    const text = answer.toString("utf8", 0, bytes);
    if (!text.startsWith("ok")) throw new Error(`${request}: ${text}`);
    return { text: text.slice(3), fds: fdsIn(control, controlLength) };
  }

  async close(): Promise<void> {
    const ended = once(this.#child, "close");
    close(this.#channel); // which the program takes as its end
    await ended;
  }
}

/** Makes a namespace until the test ends. */
export async function namespace(): Promise<Namespace> {
  const [ours, theirs] = socketpair(AF_UNIX, SOCK_SEQPACKET, 0, { blocking: true });
  const program = fileURLToPath(new URL("programs/namespace.py", import.meta.url));
  const child = spawn("unshare", ["-n", "/usr/bin/python3", "-I", "-S", program], {
    stdio: ["ignore", "inherit", "inherit", theirs],
  });
  close(theirs);
  const made = new Namespace(child, ours);
  atEnd(() => made.close());
  made.answer("unshare");
  made.run("ip link set lo up");
  return made;
}
