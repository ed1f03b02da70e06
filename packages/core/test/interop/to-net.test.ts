import { once } from "node:events";
import { closeSync } from "node:fs";
import { Socket as NetSocket } from "node:net";
import { describe, expect, it } from "vitest";
import { AF_VSOCK, SOCK_STREAM } from "../../src/constants/index.js";
import { Socket } from "../../src/index.js";
import { isBun, isDeno } from "../../src/runtime.js";
import { close, socket as open } from "../../src/syscalls/index.js";
import { counted, settled } from "../support/counted.js";
import { isOpen } from "../support/descriptor-state.js";
import { rejection, thrown } from "../support/outcome.js";
import { openFile } from "../support/owned-descriptors.js";
import { bytesOf, read, withPair } from "../support/pairs.js";
import { skipUnless } from "../support/skip-unless.js";
import { turn } from "../support/waiting.js";

function hasVsock(): boolean {
  try {
    close(open(AF_VSOCK, SOCK_STREAM));
    return true;
  } catch {
    return false;
  }
}

describe("toNet", () => {
  it("gives the connection to a net.Socket", () =>
    withPair("stream", async (a, b) => {
      const net = a.toNet();
      expect(net).toBeInstanceOf(NetSocket);
      expect([a.closed, a.fd]).toEqual([true, -1]);
      expect((await rejection(a.recvmsg())).code).toBe("ERR_SENDMSG_CLOSED");
      await b.sendmsg({ data: "to Node" });
      const [chunk] = await once(net, "data");
      expect(String(chunk)).toBe("to Node");
      net.end("from Node");
      expect(String(bytesOf(await read(b, 9)))).toBe("from Node");
      await b.shutdown("write");
      await once(net, "close");
    }));

  it("leaves no event of ours to the net.Socket", () =>
    withPair("stream", async (a, b) => {
      const receiving = a.recvmsg();
      await turn();
      await b.sendmsg({ data: "ours" });
      await receiving;
      const net = a.toNet();
      await b.sendmsg({ data: "Node's" });
      const [chunk] = await once(net, "data");
      expect(String(chunk)).toBe("Node's");
      net.destroy();
      await once(net, "close");
    }));

  it("gives a net.Socket that Socket.from() takes back", () =>
    withPair("stream", async (a, b) => {
      const net = a.toNet();
      const again = Socket.from(net, { maxFds: 1 });
      await b.sendmsg({ data: "x", fds: [0] });
      using message = await again.recvmsg();
      expect(message.fds.length).toBe(1);
      await again.close();
    }));

  it("throws while a receive waits", () =>
    withPair("stream", async (a) => {
      const receiving = rejection(a.recvmsg());
      expect(thrown(() => a.toNet()).code).toBe("ERR_INVALID_STATE");
      expect(thrown(() => a.detach()).code).toBe("ERR_INVALID_STATE");
      expect(a.closed).toBe(false);
      await a.close();
      await receiving;
      expect(thrown(() => a.toNet()).code).toBe("ERR_SENDMSG_CLOSED");
    }));

  it("throws while a send waits", () =>
    withPair("stream", async (a) => {
      const sending = rejection(a.sendmsg({ data: Buffer.alloc(1 << 22) }));
      expect(thrown(() => a.toNet()).code).toBe("ERR_INVALID_STATE");
      await a.close();
      await sending;
    }));

  it.each(["seqpacket", "dgram"] as const)("throws on %s", (type) =>
    withPair(type, (a) => {
      expect(thrown(() => a.toNet()).code).toBe("ERR_INVALID_STATE");
      expect(a.closed).toBe(false);
    }),
  );
});

describe("toNet", () => {
  const withVsock = skipUnless("the kernel has no AF_VSOCK", hasVsock());

  withVsock("throws for a family of which Node knows no streams, and leaves the socket open", () =>
    counted(async () => {
      const socket = Socket.from(open(AF_VSOCK, SOCK_STREAM));
      expect(thrown(() => socket.toNet()).code).toBe("ERR_INVALID_STATE");
      expect(socket.closed).toBe(false);
      await socket.close();
    }),
  );

  const withRefusals = skipUnless("only Node looks at what a descriptor is", !isBun && !isDeno);

  withRefusals("closes the descriptor if Node refuses it", () =>
    withPair("stream", async (a) => {
      // Another part of the program has closed the socket's number, and opened a file with it.
      const number = a.fd;
      closeSync(number);
      const opened = [openFile("no socket")];
      while (opened.at(-1) !== number) opened.push(openFile("no socket"));
      expect(thrown(() => a.toNet()).code).toBe("ERR_INVALID_FD_TYPE");
      await settled();
      expect(isOpen(number)).toBe(false);
      for (const file of opened) if (file !== number) closeSync(file);
    }),
  );
});
