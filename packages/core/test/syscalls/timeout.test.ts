import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { AF_UNIX, MSG_DONTWAIT, SOCK_DGRAM, SOCK_STREAM } from "../../src/constants/index.js";
import { EINTR } from "../../src/errno.js";
import { RESULT_NANOSECONDS } from "../../src/native/binding.js";
import { binding } from "../../src/native/load.js";
import { bind, recvmmsg, recvmsg, sendmmsg, sendmsg, socket } from "../../src/syscalls/index.js";
import { keepDescriptors, own } from "../support/owned-descriptors.js";
import { isEmulated } from "../support/target.js";
import { pair } from "./owned-pair.js";
import { systemError } from "./system-error.js";

keepDescriptors();

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("a timeout", () => {
  // Under user-mode emulation, a recvmmsg(2) that fails returns 1.
  test.skipIf(isEmulated()).each([
    ["a blocking", true],
    ["a non-blocking", false],
  ])("ends a call on %s descriptor, on a real kernel", (_, blocking) => {
    const [a, b] = pair(SOCK_DGRAM, { blocking });
    const from = process.hrtime.bigint();
    expect(() => recvmsg(b, Buffer.alloc(1), { timeout: 30 })).toThrow(
      systemError("recvmsg", "ETIMEDOUT", 110),
    );
    expect(() => recvmmsg(b, [{ buffers: Buffer.alloc(1) }], { timeout: 30 })).toThrow(
      systemError("recvmmsg", "ETIMEDOUT", 110),
    );
    while (trySend(a)) {
      // Fills the peer's queue.
    }
    expect(() => sendmsg(a, "x", { timeout: 30 })).toThrow(systemError("sendmsg", "ETIMEDOUT", 110));
    expect(() => sendmmsg(a, [{ data: "x" }], { timeout: 30 })).toThrow(
      systemError("sendmmsg", "ETIMEDOUT", 110),
    );
    const elapsed = Number(process.hrtime.bigint() - from) / 1e6;
    expect(elapsed).toBeGreaterThanOrEqual(115);
    expect(elapsed).toBeLessThan(5000);
    // A timeout of 0 does not wait.
    expect(recvmsg(b, Buffer.alloc(1), { timeout: 0 }).bytes).toBe(1);
  });

  test("is not prolonged by signals, each of which ends the wait in the kernel", () => {
    const [, b] = pair(SOCK_DGRAM);
    const native = binding();
    const spans: (number | undefined)[] = [];
    let time = 0;
    vi.spyOn(native, "now").mockImplementation(() => {
      native.result[RESULT_NANOSECONDS] = time * 1e6;
      return 1;
    });
    vi.spyOn(native, "poll").mockImplementation((_fd, _events, timeout) => {
      spans.push(timeout);
      time += 40;
      return -EINTR;
    });
    expect(() => recvmsg(b, Buffer.alloc(1), { timeout: 100 })).toThrow(
      systemError("recvmsg", "ETIMEDOUT", 110),
    );
    expect(spans).toEqual([100, 60, 20, 0]);
  });

  test("ends although a test tool has stopped JavaScript's clocks before it loaded the library", async () => {
    vi.useFakeTimers({ toFake: ["hrtime", "performance", "Date"] });
    vi.resetModules();
    const { sendmsg } = await import("../../src/syscalls/index.js");
    const to = encodeAddress({ family: "unix", abstract: `clock-${process.pid}` });
    const [receiver, sender] = [own(socket(AF_UNIX, SOCK_DGRAM)), own(socket(AF_UNIX, SOCK_DGRAM))];
    bind(receiver, to);
    const send = (options: object) => sendmsg(sender, "x", { address: to, ...options });
    // Until the receiver is full. The sender stays writable all the same, so that the call has to pause.
    const full = expect.objectContaining({ code: "EAGAIN" });
    expect(() => {
      for (;;) send({ flags: MSG_DONTWAIT });
    }).toThrow(full);
    expect(() => send({ timeout: 20 })).toThrow(systemError("sendmsg", "ETIMEDOUT", 110));
  });

  function trySend(fd: number): boolean {
    try {
      sendmsg(fd, "x", { flags: MSG_DONTWAIT });
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: "EAGAIN" });
      return false;
    }
  }

  test.each([
    ["a blocking call", { blocking: true }, {}],
    ["a call with a timeout", {}, { timeout: 30_000 }],
  ])(
    "does not end early at a signal: %s waits until the message comes",
    async (_, socketOptions, callOptions) => {
      const [a, b] = pair(SOCK_STREAM, socketOptions);
      let signals = 0;
      const count = () => signals++;
      process.on("SIGUSR2", count);
      const child = spawn(
        "sh",
        ["-c", "kill -USR2 $PPID; sleep 0.2; kill -USR2 $PPID; sleep 0.1; echo late >&3"],
        {
          stdio: ["ignore", "inherit", "inherit", a],
        },
      );
      const exited = once(child, "exit");
      const buffer = Buffer.alloc(16);
      const { bytes } = recvmsg(b, buffer, callOptions);
      expect(buffer.toString("latin1", 0, bytes)).toBe("late\n");
      // The call blocks this thread, so that no callback has run.
      expect(signals).toBe(0);
      await exited;
      await new Promise((resolve) => setTimeout(resolve, 50));
      process.off("SIGUSR2", count);
      expect(signals).toBeGreaterThan(0);
    },
  );
});
