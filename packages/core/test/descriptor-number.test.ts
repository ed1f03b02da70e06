import { describe, expect, it } from "vitest";
import { encodeAddress } from "../src/address/index.js";
import {
  AF_UNIX,
  SO_PEERPIDFD,
  SOCK_NONBLOCK,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../src/constants/index.js";
import { decodeControl, encodeControl } from "../src/control/index.js";
import { FileDescriptor } from "../src/index.js";
import {
  accept4,
  bind,
  close,
  connect,
  dup,
  getsockopt,
  listen,
  recvmmsg,
  recvmsg,
  sendmsg,
  socket,
  socketpair,
} from "../src/syscalls/index.js";
import { openAnyFile } from "./support/any-file.js";
import { counted, settled } from "./support/counted.js";
import { isOpen, sameFile } from "./support/descriptor-state.js";
import { closeSync } from "./support/files.mjs";
import { freshPath } from "./support/fresh-places.js";
import { thrown } from "./support/outcome.js";
import { openFile } from "./support/owned-descriptors.js";
import { withPair } from "./support/pairs.js";
import { skipUnless } from "./support/skip-unless.js";
import { isEmulated, kernelIsAtLeast } from "./support/target.js";
import { turn } from "./support/waiting.js";

describe("a FileDescriptor whose number other code has closed", () => {
  it("gives up the number when adopt() finds it closed, and the number's next file can be adopted", () =>
    counted(() => {
      const stale = FileDescriptor.adopt(openAnyFile());
      const number = stale.fd;
      closeSync(number);
      expect(thrown(() => FileDescriptor.adopt(number)).code).toBe("EBADF");
      expect(stale.fd).toBe(-1);
      const next = openAnyFile();
      expect(next).toBe(number);
      using descriptor = FileDescriptor.adopt(next);
      stale.close();
      expect(descriptor.fd).toBe(number);
      expect(isOpen(number)).toBe(true);
    }));

  it("does not close the number once a received descriptor has it", () =>
    withPair("seqpacket", async (a, b) => {
      const file = openFile("arrived");
      const stale = FileDescriptor.adopt(openAnyFile());
      const number = stale.fd;
      await a.sendmsg({ fds: [file] });
      closeSync(number);
      using message = await b.recvmsg({ maxFds: 1 });
      expect(message.fds[0]!.fd).toBe(number);
      expect(stale.fd).toBe(-1);
      stale.close();
      stale[Symbol.dispose]();
      await settled();
      expect(sameFile(number, file)).toBe(true);
      expect(thrown(() => stale.detach()).code).toBe("ERR_SENDMSG_CLOSED");
      closeSync(file);
    }));
});

describe("a FileDescriptor whose number the kernel hands out again", () => {
  const UNIX = [AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK] as const;

  /** Prepares a message with a descriptor. The returned function receives it, and returns the descriptor's number. */
  function numbersIn(receive: (fd: number, control: Uint8Array) => void): () => number[] {
    const [a, b] = socketpair(...UNIX);
    const control = encodeControl([{ name: "rights", value: [a] }]);
    sendmsg(a, "x", { control });
    close(a);
    return () => {
      const room = new Uint8Array(64);
      receive(b, room);
      close(b);
      return decodeControl(room).flatMap((item) => (item.name === "rights" ? item.value : []));
    };
  }

  /** Each entry prepares its call, so that the call returns the next free number. */
  const calls: [name: string, prepare: () => () => number[]][] = [
    ["socket", () => () => [socket(...UNIX)]],
    ["socketpair", () => () => socketpair(...UNIX)],
    ["dup", () => () => [dup(0)]],
    [
      "accept4",
      () => {
        const address = encodeAddress({ family: "unix", abstract: freshPath() });
        const [listener, client] = [socket(...UNIX), socket(...UNIX)];
        bind(listener, address);
        listen(listener, 1);
        connect(client, address);
        return () => {
          const { fd } = accept4(listener)!;
          close(listener);
          close(client);
          return [fd];
        };
      },
    ],
    ["recvmsg", () => numbersIn((fd, control) => recvmsg(fd, new Uint8Array(1), { control }))],
    ["recvmmsg", () => numbersIn((fd, control) => recvmmsg(fd, [{ buffers: new Uint8Array(1), control }]))],
  ];

  async function ownerKeepsOff(prepare: () => () => number[]): Promise<void> {
    const call = prepare();
    const stale = FileDescriptor.adopt(openAnyFile());
    const number = stale.fd;
    closeSync(number);
    const handedOut = call();
    expect(handedOut).toContain(number);
    stale.close();
    await settled();
    for (const fd of handedOut) expect(isOpen(fd)).toBe(true);
    for (const fd of handedOut) close(fd);
  }

  it.each(calls)("does not close what %s returned under the same number", (_, prepare) =>
    counted(() => ownerKeepsOff(prepare)),
  );

  skipUnless("needs SO_PEERPIDFD, Linux 6.5", kernelIsAtLeast(6, 5) && !isEmulated())(
    "does not close what getsockopt(SO_PEERPIDFD) returned under the same number",
    () =>
      counted(() =>
        ownerKeepsOff(() => {
          const [a, b] = socketpair(...UNIX);
          return () => {
            const pidfd = getsockopt(a, SOL_SOCKET, SO_PEERPIDFD);
            close(a);
            close(b);
            return [pidfd];
          };
        }),
      ),
  );
});

describe("the number of a FileDescriptor that is being closed", () => {
  it("can't be adopted", () =>
    counted(() => {
      const descriptors = Array.from({ length: 500 }, () => FileDescriptor.adopt(openAnyFile()));
      const last = descriptors.at(-1)!.fd;
      for (const descriptor of descriptors) descriptor.close();
      expect(thrown(() => FileDescriptor.adopt(last)).code).toBe("EBADF");
    }));

  it("can't be adopted while a thread examines the socket, whose queue may hold descriptors", () =>
    counted(async () => {
      let adopted = 0;
      for (let round = 0; round < 500; round++) {
        const [end, other] = socketpair(AF_UNIX, SOCK_STREAM);
        FileDescriptor.adopt(end).close();
        // adopt() must fail until the number is free.
        let had = false;
        while (isOpen(end)) {
          try {
            FileDescriptor.adopt(end).detach();
            had = true;
          } catch (error) {
            expect((error as { code: string }).code).toBe("EBADF");
          }
        }
        if (had) adopted++;
        close(other);
        if (round % 50 === 0) await turn();
      }
      // Right before the thread calls close(2), adopt() can succeed. That happens in one of some hundred rounds. A thread that
      // loses its processor just then lets adopt() succeed many times in that round.
      expect(adopted).toBeLessThan(50);
    }));

  it("can be adopted as soon as the kernel has given it to another file", () =>
    counted(async () => {
      for (let round = 0; round < 2000; round++) {
        FileDescriptor.adopt(openAnyFile()).close();
        if (round % 100 === 0) await turn();
      }
    }));
});
