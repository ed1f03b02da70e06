import { describe, expect, it } from "vitest";
import { MSG_CTRUNC, MSG_TRUNC } from "../src/constants/index.js";
import { FileDescriptor, Message } from "../src/index.js";
import { openAnyFile } from "./support/any-file.js";
import { counted } from "./support/counted.js";
import { withPair } from "./support/pairs.js";

const open = () => FileDescriptor.adopt(openAnyFile());

describe("Message.from", () => {
  it("needs no argument", () => expect(Message.from().eof).toBe(false));

  it("has a default for everything", () => {
    const message = Message.from();
    expect(message).toMatchObject({
      fds: [],
      pidfd: undefined,
      control: [],
      address: undefined,
      flags: 0,
      eof: false,
      truncated: false,
      fullLength: 0,
      controlTruncated: false,
      droppedFds: 0,
    });
    expect(message.data.length).toBe(0);
  });

  it("keeps the parts that it is given", () =>
    counted(() => {
      const [fd, pidfd] = [open(), open()];
      const control = [{ name: "credentials", value: { pid: 1, uid: 2, gid: 3 } }] as const;
      using message = Message.from({
        data: Buffer.from("abc"),
        fds: [fd],
        pidfd,
        control,
        address: { family: "unix" },
        flags: MSG_TRUNC | MSG_CTRUNC,
        fullLength: 10,
        droppedFds: 4,
      });
      expect(message).toMatchObject({
        control,
        truncated: true,
        controlTruncated: true,
        fullLength: 10,
        droppedFds: 4,
      });
      expect([message.fds[0], message.pidfd]).toEqual([fd, pidfd]);
      expect(message.address).toEqual({ family: "unix" });
    }));

  it("does not share the caller's list", () =>
    counted(() => {
      const fds = [open()];
      using message = Message.from({ fds });
      fds.length = 0;
      expect(message.fds.length).toBe(1);
    }));
});

describe("takeFds", () => {
  it("makes the caller the owner, so that disposal leaves the descriptors open", () =>
    withPair("seqpacket", async (a, b) => {
      await a.sendmsg({ fds: [0, 1] });
      const message = await b.recvmsg({ maxFds: 2 });
      const taken = message.takeFds();
      expect([taken.length, message.fds.length, message.takeFds().length]).toEqual([2, 0, 0]);
      message[Symbol.dispose]();
      expect(taken.every(({ fd }) => fd >= 0)).toBe(true);
      for (const descriptor of taken) descriptor.close();
    }));
});

describe("disposal", () => {
  it("closes the descriptors that were not taken, once", () =>
    counted(() => {
      const [fd, pidfd] = [open(), open()];
      const message = Message.from({ fds: [fd], pidfd });
      message[Symbol.dispose]();
      message[Symbol.dispose]();
      expect([fd.fd, pidfd.fd, message.fds.length, message.pidfd]).toEqual([-1, -1, 0, undefined]);
    }));
});

describe("copy", () => {
  it("has memory of its own, the same contents, and the descriptors", () =>
    withPair(
      "dgram",
      async (a, b) => {
        await a.sendmsg({ data: "0123456789", fds: [0, 1, 2] });
        const message = await b.recvmsg({ maxFds: 2, size: 4 });
        const { control, address, flags, fullLength, truncated, droppedFds } = message;
        using copy = message.copy();
        message.data.fill(0);
        expect(String(copy.data)).toBe("0123");
        expect(copy).toMatchObject({
          control,
          address,
          flags,
          fullLength,
          truncated,
          droppedFds,
          eof: false,
        });
        expect([fullLength, truncated, droppedFds, control.length]).toEqual([10, true, 1, 1]);
        expect([message.fds.length, copy.fds.length]).toEqual([0, 2]);
        message[Symbol.dispose]();
        expect(copy.fds.every(({ fd }) => fd >= 0)).toBe(true);
      },
      { receive: ["credentials"] },
    ));

  it("keeps eof", () => expect(Message.from({ eof: true }).copy().eof).toBe(true));
});

describe("control and address", () => {
  it("are decoded once", () =>
    withPair(
      "dgram",
      async (a, b) => {
        await a.sendmsg({ data: "x" });
        const message = await b.recvmsg();
        expect(message.control).toBe(message.control);
        expect(message.address).toBe(message.address);
      },
      { receive: ["credentials"] },
    ));

  it("do not change when the next message arrives", () =>
    withPair(
      "dgram",
      async (a, b) => {
        await a.sendmsg({ data: "x" });
        const message = await b.recvmsg();
        await b.sendmsg({ data: "y" });
        await a.recvmsg();
        expect(message.control[0]).toMatchObject({ name: "credentials", value: { pid: process.pid } });
        // SO_PASSCRED makes the kernel give a sending socket a name: unix(7), "Autobind feature".
        expect(message.address).toEqual(a.getsockname());
        expect(message.address).not.toEqual(b.getsockname());
      },
      { receive: ["credentials"] },
    ));
});
