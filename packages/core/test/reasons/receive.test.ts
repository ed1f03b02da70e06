import { describe, expect, it } from "vitest";
import { Listener, Socket, socketpair } from "../../src/index.js";
import { counted } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { rejection, thrown } from "../support/outcome.js";

const NOT_CONNECTED =
  "this socket is not connected. Call connect() first; for a server, use Listener.listen() and accept()";

describe("an error of recvmsg() says why", () => {
  it.each([
    ["stream", "EINVAL"],
    ["seqpacket", "ENOTCONN"],
  ] as const)("a Unix %s socket that is not connected", (type, code) =>
    counted(async () => {
      await using socket = await Socket.bind({ path: freshPath() }, { type });
      const error = await rejection(socket.recvmsg());
      expect(error).toMatchObject({ code, syscall: "recvmsg" });
      expect(error.message).toBe(`recvmsg ${code}: ${NOT_CONNECTED}`);
      expect(thrown(() => socket.tryRecvmsg()).message).toBe(error.message);
    }),
  );

  it("a TCP socket that is not connected", () =>
    counted(async () => {
      await using socket = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "stream" });
      expect((await rejection(socket.recvmsg())).message).toBe(`recvmsg ENOTCONN: ${NOT_CONNECTED}`);
    }));

  it("a peer that has closed without reading everything", () =>
    counted(async () => {
      const [a, b] = socketpair("stream");
      await a.sendmsg({ data: "unread" });
      await b.close();
      expect((await rejection(a.recvmsg())).message).toBe(
        "recvmsg ECONNRESET: the peer has closed the connection before it had read everything. " +
          "Close this socket; to go on, connect another one",
      );
      await a.close();
    }));
});

describe("an error about the peer says why", () => {
  it("a socket without a peer", () =>
    counted(async () => {
      await using socket = await Socket.bind({ path: freshPath() });
      expect(thrown(() => socket.getpeername()).message).toBe(
        "getpeername ENOTCONN: this socket is not connected, or its peer has gone",
      );
      await using udp = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
      expect((await rejection(udp.shutdown("write"))).message).toBe(
        "shutdown ENOTCONN: this socket is not connected, or its peer has gone",
      );
    }));

  it("not for a connected one", () =>
    counted(async () => {
      const path = freshPath();
      await using _ = await Listener.listen({ path });
      await using socket = await Socket.connect({ path });
      expect(socket.getpeername()).toEqual({ family: "unix", path });
    }));
});
