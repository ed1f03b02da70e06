import { createSocket, type Socket as DgramSocket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { Socket } from "../../src/index.js";
import { counted } from "../support/counted.js";
import { thrown } from "../support/outcome.js";
import { withHandleOf } from "../support/skip-unless.js";
import { closed } from "./node-ends.js";

describe("Socket.from(dgram.Socket)", () => {
  async function bound(): Promise<DgramSocket> {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    return socket;
  }

  withHandleOf("udp")("takes over the socket, and closes the dgram.Socket", () =>
    counted(async () => {
      const node = await bound();
      const { address, port } = node.address();
      const socket = Socket.from(node);
      await once(node, "close");
      const peer = await Socket.connect({ address, port }, { type: "dgram" });
      await peer.sendmsg({ data: "x" });
      const message = await socket.recvmsg();
      expect([String(message.data), message.address]).toEqual(["x", peer.getsockname()]);
      expect(socket.type).toBe("dgram");
      await Promise.all([socket.close(), peer.close()]);
    }),
  );

  it("refuses one that is closed or not bound yet", () =>
    counted(async () => {
      const node = createSocket("udp4");
      expect(thrown(() => Socket.from(node)).code).toBe("ERR_INVALID_ARG_VALUE");
      await closed(node);
      expect(thrown(() => Socket.from(node)).code).toBe("ERR_SENDMSG_CLOSED");
    }));
});
