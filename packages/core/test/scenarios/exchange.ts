import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { FileDescriptor, Listener, type Message, Socket } from "../../src/index.js";
import { content } from "../support/content.js";
import { counted } from "../support/counted.js";
import { openSync } from "../support/files.mjs";
import type { TYPES } from "../support/pairs.js";
import { reportOf, start } from "./program.js";

/** The other program's report of a message from us. */
export interface SaidOfMessage {
  data: string;
  contents?: string[];
  credentials?: number[];
}

function credentialsIn({ control }: Message): unknown {
  return control.find(({ name }) => name === "credentials");
}

/**
 * Exchanges descriptors and credentials with a program of another language, in both directions. On stream and seqpacket the
 * program connects to our listener. It sends datagrams from its own path. It reports what it received.
 */
export async function exchange(
  type: (typeof TYPES)[number],
  interpreter: string,
  program: string,
  texts: readonly [two: string, explicit: string, ten: string, bytes: string],
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sendmsg-exchange-"));
  const [path, ownPath] = [join(folder, "ours.sock"), join(folder, "theirs.sock")];
  const [theirFile, ourFile] = [join(folder, "theirs"), join(folder, "ours")];
  writeFileSync(theirFile, "their file");
  writeFileSync(ourFile, "our file");
  try {
    await counted(async () => {
      const options = { type, receive: ["credentials"], maxFds: 253 } as const;
      const listener = type === "dgram" ? undefined : await Listener.listen({ path }, options);
      const { outcome } = start(program, { interpreter, args: [type, path, ownPath, theirFile] });
      // If the program fails at once, the test must not wait for it.
      const ended = outcome.then((end) => {
        if (end.code !== 0) throw new Error(end.stderr);
      });
      const socket = listener
        ? await Promise.race([
            listener.accept(),
            ended.then(() => Promise.reject(new Error("It never connected"))),
          ])
        : await Socket.bind({ path }, options);

      const arrived: { data: string; contents: string[]; credentials: unknown; address: unknown }[] = [];
      while (arrived.length < 4) {
        const message = await socket.recvmsg();
        expect(message.eof, "the end before all had come").toBe(false);
        arrived.push({
          data: String(message.data),
          contents: message.fds.map(({ fd }) => content(fd)),
          credentials: credentialsIn(message),
          // With SO_PASSCRED, the kernel gives an unnamed sender on a seqpacket socket a name: unix(7), "Autobind feature".
          address: type === "seqpacket" ? undefined : message.address,
        });
        message[Symbol.dispose]();
      }

      const file = FileDescriptor.adopt(openSync(ourFile, "r"));
      const { pid } = process;
      const [uid, gid] = [process.getuid!(), process.getgid!()];
      const to = type === "dgram" ? { address: { family: "unix", path: ownPath } as const } : {};
      await socket.sendmsg({ data: ["one ", Buffer.from("descriptor")], fds: [file], ...to });
      await socket.sendmsg({
        data: "explicit",
        fds: [file, file],
        control: [{ name: "credentials", value: { pid, uid, gid } }],
        ...to,
      });
      // On a stream, bytes without a descriptor would be joined to the message behind them.
      await socket.sendmsg({ data: "ten", fds: new Array(10).fill(file), ...to });
      await socket.sendmsg({ data: "no descriptor", ...to });
      file.close();
      const end = await outcome;
      const said = reportOf<SaidOfMessage[]>(end);
      await Promise.all([socket.close(), listener?.close()]);

      const theirs = { name: "credentials", value: { pid: end.pid, uid, gid } };
      const address = type === "dgram" ? { family: "unix", path: ownPath } : undefined;
      const counts = [2, 1, 10, 0];
      expect(arrived).toEqual(
        texts.map((data, i) => ({
          data,
          contents: new Array(counts[i]).fill("their file"),
          credentials: theirs,
          address,
        })),
      );
      const ours = [pid, uid, gid];
      expect(said.map(({ data, contents = [] }) => ({ data, contents }))).toEqual([
        { data: "one descriptor", contents: ["our file"] },
        { data: "explicit", contents: ["our file", "our file"] },
        { data: "ten", contents: new Array(10).fill("our file") },
        { data: "no descriptor", contents: [] },
      ]);
      // One message may lack the credentials: not every language's function has room for both.
      const credentials = said.map((message) => message.credentials).filter((one) => one !== undefined);
      expect(credentials.length).toBeGreaterThanOrEqual(3);
      expect(credentials).toEqual(credentials.map(() => ours));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
