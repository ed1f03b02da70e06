import { describe, expect, it } from "vitest";
import { FileDescriptor, Listener, Socket } from "../src/index.js";
import { memorySocketpair } from "../src/testing/index.js";
import { UdpBatch, UdpSocket } from "../src/udp/index.js";
import { thrown } from "./support/outcome.js";

type Class = new (...args: unknown[]) => object;

const classes: [string, Class, string][] = [
  [
    "Socket",
    Socket as never,
    "await Socket.connect(to), await Socket.bind(at), Socket.open({ family }), Socket.from(fd) or socketpair()",
  ],
  ["Listener", Listener as never, "await Listener.listen(at) or Listener.from(fd)"],
  ["FileDescriptor", FileDescriptor as never, "FileDescriptor.adopt(fd) or FileDescriptor.claim(ticket)"],
  [
    "UdpSocket",
    UdpSocket as never,
    "await UdpSocket.bind(at), await UdpSocket.connect(to) or UdpSocket.from(socket)",
  ],
  ["UdpBatch", UdpBatch as never, "udpSocket.createBatch()"],
  ["MemorySocket", memorySocketpair()[0].constructor as never, "memorySocketpair()"],
];

describe.each(classes)("new %s()", (name, Class, instead) => {
  class Derived extends Class {}
  const key = Symbol("construct");
  const ways: [string, () => object][] = [
    ["without arguments", () => new Class()],
    ["with a number", () => new Class(3)],
    ["with the arguments of the private constructor", () => new Class(undefined, 3, 1)],
    ["with a symbol of the same name", () => new Class(key, 3, 1)],
    ["of a derived class", () => new Derived(3)],
    ["by Reflect.construct()", () => Reflect.construct(Class, [3], Object)],
  ];

  it.each(ways)("%s is refused, and names the functions to use", (_, call) => {
    const error = thrown(call);
    expect(error).toMatchObject({ name: "TypeError", code: "ERR_ILLEGAL_CONSTRUCTOR" });
    expect(error.message).toBe(`A program can't call new ${name}(). Use ${instead}`);
  });
});
