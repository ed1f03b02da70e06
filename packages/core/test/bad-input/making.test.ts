import { describe, expect, it } from "vitest";
import { type Address, Listener, Socket, socketpair } from "../../src/index.js";
import { counted } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { rejection, thrown } from "../support/outcome.js";
import { withPair } from "../support/pairs.js";
import { kindOf, RANGE, type Raw, TYPE, VALUE } from "./refusal.js";

describe("making a socket refuses", () => {
  const options: [what: string, options: unknown, code: string, argument: string][] = [
    ["null", null, TYPE, "options"],
    ["text", "stream", TYPE, "options"],
    ["an unknown type", { type: "packet" }, VALUE, "options.type"],
    ["a type of Object's", { type: "toString" }, VALUE, "options.type"],
    ["a number as the type", { type: 1 }, TYPE, "options.type"],
    ["a protocol as text", { protocol: "tcp" }, TYPE, "options.protocol"],
    ["a protocol below 0", { protocol: -1 }, RANGE, "options.protocol"],
    ["a name that is not in a list", { receive: "credentials" }, TYPE, "options.receive"],
    ["an unknown control message", { receive: ["credentials", "nonsense"] }, VALUE, "options.receive[1]"],
    ["a control message that cannot be switched on", { receive: ["rights"] }, VALUE, "options.receive[0]"],
    ["a control message of Object's", { receive: ["toString"] }, VALUE, "options.receive[0]"],
    ["a symbol as a control message", { receive: [Symbol("x")] }, VALUE, "options.receive[0]"],
    ["maxFds of 254", { maxFds: 254 }, RANGE, "options.maxFds"],
    ["a mode beyond 0o777", { mode: 0o1777 }, RANGE, "options.mode"],
    ["a mode as text", { mode: "600" }, TYPE, "options.mode"],
    ["unlink that is not known", { unlink: "always" }, VALUE, "options.unlink"],
    ["unlink as a boolean", { unlink: true }, VALUE, "options.unlink"],
    ["ipv6Only as a number", { ipv6Only: 1 }, TYPE, "options.ipv6Only"],
    ["reusePort as text", { reusePort: "yes" }, TYPE, "options.reusePort"],
    ["a signal that is none", { signal: {} }, TYPE, "options.signal"],
  ];

  it.each(options)("%s", (_, raw, code, argument) =>
    counted(async () => {
      const given = raw as Raw;
      for (const error of [
        await rejection(Socket.connect({ path: freshPath() }, given)),
        await rejection(Socket.bind({ path: freshPath() }, given)),
        await rejection(Listener.listen({ path: freshPath() }, given)),
        thrown(() => Socket.from(0, given)),
        thrown(() => Listener.from(0, given)),
        ...(raw === null || typeof raw === "string"
          ? []
          : [thrown(() => Socket.open({ family: "unix", ...raw }))]),
        ...(argument === "options.type" ? [] : [thrown(() => socketpair("stream", given))]),
      ]) {
        expect(error).toMatchObject({ code, argument });
        expect(error).toBeInstanceOf(kindOf(code));
      }
    }),
  );

  it.each([
    ["nothing", undefined, TYPE, ""],
    ["null", null, TYPE, ""],
    ["text", "/path", TYPE, ""],
    ["no fields", {}, VALUE, ""],
    ["an unknown family", { family: "ipv5" }, VALUE, ".family"],
    ["a path and a name", { path: "a", abstract: "b" }, VALUE, ""],
    ["a path with NUL", { path: "a\0b" }, VALUE, ".path"],
    ["a host name", { family: "ipv4", address: "localhost", port: 1 }, VALUE, ".address"],
    ["an IPv6 address as IPv4", { family: "ipv4", address: "::1", port: 1 }, VALUE, ".address"],
    ["a port beyond 65535", { family: "ipv4", address: "127.0.0.1", port: 65_536 }, RANGE, ".port"],
    ["no port", { family: "ipv4", address: "127.0.0.1" }, TYPE, ".port"],
    ["a port as text", { family: "ipv6", address: "::1", port: "80" }, TYPE, ".port"],
  ])("an address: %s", (_, raw, code, field) =>
    counted(async () => {
      const address = raw as Address;
      const calls: [string, Promise<unknown>][] = [
        ["to", Socket.connect(address)],
        ["at", Socket.bind(address)],
        ["at", Listener.listen(address)],
      ];
      for (const [argument, call] of calls) {
        const error = await rejection(call);
        expect(error).toMatchObject({ code, argument: `${argument}${field}` });
        expect(error).toBeInstanceOf(kindOf(code));
      }
      await withPair("stream", async (a) => {
        expect(await rejection(a.connect(address))).toMatchObject({ code, argument: `to${field}` });
      });
    }),
  );

  it("a path of 109 bytes with ENAMETOOLONG, and does not cut it", () =>
    counted(async () => {
      const path = "x".repeat(109);
      for (const error of [
        await rejection(Socket.connect({ path })),
        await rejection(Socket.bind({ path })),
        await rejection(Listener.listen({ path })),
        await rejection(Listener.listen({ family: "unix", abstract: "x".repeat(108) })),
      ]) {
        expect(error.code).toBe("ENAMETOOLONG");
        expect(error.errno).toBeLessThan(0);
      }
    }));

  it.each([-1, 1.5, "511", null])("a backlog of %o", (backlog) =>
    counted(async () => {
      const error = await rejection(Listener.listen({ path: freshPath() }, { backlog: backlog as number }));
      expect(error).toMatchObject({
        code: typeof backlog === "number" ? RANGE : TYPE,
        argument: "options.backlog",
      });
    }),
  );

  it.each([
    ["tcp", VALUE],
    [1, TYPE],
    [null, TYPE],
    ["raw", VALUE],
  ])("socketpair(%o)", (type, code) =>
    counted(() => {
      expect(thrown(() => socketpair(type as "stream"))).toMatchObject({ code, argument: "type" });
    }),
  );

  it("a raw Unix socket, in whose place the kernel would make a datagram socket", () =>
    counted(async () => {
      const at = { path: freshPath() };
      for (const call of [Socket.bind, Socket.connect, Listener.listen]) {
        expect(await rejection(call(at, { type: "raw" }))).toMatchObject({
          code: VALUE,
          argument: "options.type",
        });
      }
    }));

  it.each([{ mode: 0o600 }, { unlink: "stale" }])("connect with %o", (options) =>
    counted(async () => {
      expect(await rejection(Socket.connect({ path: freshPath() }, options as object))).toMatchObject({
        code: VALUE,
        argument: `options.${Object.keys(options)[0]}`,
      });
    }),
  );

  it.each([{ mode: 0o600 }, { type: "stream" }, { reusePort: true }])("socketpair with %o", (options) =>
    counted(() => {
      expect(thrown(() => socketpair("stream", options as object))).toMatchObject({
        code: VALUE,
        argument: `options.${Object.keys(options)[0]}`,
      });
    }),
  );

  it("what the kernel refuses, with its error and the call's name", () =>
    counted(async () => {
      const at = { family: "ipv4", address: "127.0.0.1", port: 0 } as const;
      expect(await rejection(Socket.bind(at, { type: "seqpacket" }))).toMatchObject({ syscall: "socket" });
      expect(await rejection(Socket.bind({ ...at, address: "203.0.113.1" }))).toMatchObject({
        code: "EADDRNOTAVAIL",
        syscall: "bind",
        address: "203.0.113.1",
        port: 0,
      });
    }));
});
