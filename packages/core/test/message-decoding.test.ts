import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as address from "../src/address/index.js";
import { IP_RECVERR, IPPROTO_IP } from "../src/constants/index.js";
import * as control from "../src/control/decode.js";
import { type Message, Socket } from "../src/index.js";
import { isBun } from "../src/runtime.js";
import { setsockopt } from "../src/syscalls/index.js";
import { withPair } from "./support/pairs.js";
import { onRealKernel } from "./support/skip-unless.js";
import { turn } from "./support/waiting.js";

/** How often the test has decoded control messages, and addresses. */
const decoded = {
  get control() {
    return vi.mocked(control.decodeControl).mock.calls.length;
  },
  get address() {
    return vi.mocked(address.decodeAddress).mock.calls.length;
  },
};
const forget = () => vi.clearAllMocks();

beforeEach(() => {
  vi.spyOn(control, "decodeControl");
  vi.spyOn(address, "decodeAddress");
});
afterEach(() => vi.restoreAllMocks());

/** Reads each property twice. It must be decoded once. */
function read(message: Message): void {
  for (let i = 0; i < 2; i++) {
    expect(message.control.length).toBe(1);
    expect(message.address?.family).toBeDefined();
  }
}

// Bun ignores module mocks.
describe.skipIf(isBun)("a message's control messages and address", () => {
  it("are decoded once, when they are first read", () =>
    withPair(
      "dgram",
      async (a, b) => {
        await a.sendmsg({ data: "x" });
        const message = await b.recvmsg();
        expect(decoded).toEqual({ control: 0, address: 0 });
        read(message);
        expect(decoded).toEqual({ control: 1, address: 1 });
        read(message.copy());
        expect(decoded).toEqual({ control: 1, address: 1 });
      },
      { receive: ["credentials"] },
    ));

  it("are not decoded by copy(), and the copy has them", () =>
    withPair(
      "dgram",
      async (a, b) => {
        await a.sendmsg({ data: "x" });
        const copy = (await b.recvmsg()).copy().copy();
        await b.sendmsg({ data: "y" });
        await a.recvmsg();
        expect(decoded).toEqual({ control: 0, address: 0 });
        read(copy);
        expect(copy.control[0]).toMatchObject({ name: "credentials", value: { pid: process.pid } });
        expect(decoded).toEqual({ control: 1, address: 1 });
      },
      { receive: ["credentials"] },
    ));

  onRealKernel("are not decoded while the message waits in the list of the error queue", async () => {
    const peer = await Socket.bind({ family: "ipv4", address: "127.0.0.1", port: 0 }, { type: "dgram" });
    const socket = await Socket.connect(peer.getsockname(), { type: "dgram" });
    await peer.close();
    setsockopt(socket.fd, IPPROTO_IP, IP_RECVERR, 1);
    const errors = [socket.recvError()];
    forget();
    for (let i = 0; i < 3; i++) {
      await socket.sendmsg({ data: "x" });
      await turn();
    }
    errors.push(socket.recvError(), socket.recvError());
    const entries = await Promise.all(errors);
    expect(decoded).toEqual({ control: 0, address: 0 });
    for (const entry of entries) read(entry);
    expect(decoded).toEqual({ control: 3, address: 3 });
    await socket.close();
  });
});
