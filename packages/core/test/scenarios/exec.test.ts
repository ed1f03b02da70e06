import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FileDescriptor, Listener, Socket, socketpair } from "../../src/index.js";
import { counted } from "../support/counted.js";
import { isCloseOnExec, isOpen } from "../support/descriptor-state.js";
import { openSync } from "../support/files.mjs";
import { has } from "../support/kernel-features.js";
import { TYPES } from "../support/pairs.js";
import { skipUnless } from "../support/skip-unless.js";
import { pathOf } from "./program.js";

/** The descriptors of a program that is started now. */
function inherited(): string[] {
  return JSON.parse(execFileSync(process.execPath, [pathOf("heir.mjs")], { encoding: "utf8" })) as string[];
}

const fileOf = (fd: number): string => readlinkSync(`/proc/self/fd/${fd}`);

test.each(TYPES)("a started program inherits no descriptor of a %s socket", (type) =>
  counted(async () => {
    const folder = mkdtempSync(join(tmpdir(), "sendmsg-exec-"));
    const path = join(folder, "file");
    writeFileSync(path, "x");
    const file = FileDescriptor.adopt(openSync(path, "r"));
    const address = { family: "unix", abstract: `sendmsg-exec-${process.pid}` } as const;
    const listener = type === "dgram" ? undefined : await Listener.listen(address, { type });
    const client = listener ? await Socket.connect(address, { type }) : undefined;
    const accepted = await listener?.accept();
    const bound = await Socket.bind({ family: "unix", abstract: `sendmsg-exec-b-${process.pid}` }, { type });
    const [a, b] = socketpair(type, { maxFds: 3 });
    await a.sendmsg({ data: "x", fds: [file, file] });
    await a.sendmsg({ data: "peek", fds: [file] });
    const message = await b.recvmsg();
    const copy = message.fds[0]!.dup();

    const ours = [listener, client, accepted, bound, a, b].filter((socket) => socket !== undefined);
    const fds = [...ours, ...message.fds, copy, file].map(({ fd }) => fd);
    expect(fds.filter((fd) => fd !== file.fd && !isCloseOnExec(fd))).toEqual([]);
    const files = new Set(fds.map(fileOf));
    expect(inherited().filter((name) => files.has(name))).toEqual([]);

    message[Symbol.dispose]();
    copy.close();
    file.close();
    await Promise.all(ours.map((socket) => socket.close()));
    rmSync(folder, { recursive: true });
  }),
);

test("a started program inherits no descriptor of the event loop", () =>
  counted(async () => {
    const [a, b] = socketpair();
    const waiting = b.recvmsg();
    const numbers = readdirSync("/proc/self/fd").map(Number).filter(isOpen);
    const own = numbers.filter((fd) => /eventpoll|eventfd/.test(fileOf(fd)));
    expect(own.length).toBeGreaterThan(2);
    expect(own.filter((fd) => !isCloseOnExec(fd))).toEqual([]);
    await a.sendmsg({ data: "x" });
    await waiting;
    await Promise.all([a.close(), b.close()]);
  }));

skipUnless("SO_PASSPIDFD is unknown here; Linux has it since 6.5", has.passPidfd())(
  "a started program inherits no received pidfd",
  () =>
    counted(async () => {
      const [a, b] = socketpair("stream", { receive: ["pidfd"] });
      await a.sendmsg({ data: "x" });
      const message = await b.recvmsg();
      expect(isCloseOnExec(message.pidfd!.fd)).toBe(true);
      message[Symbol.dispose]();
      await Promise.all([a.close(), b.close()]);
    }),
);
