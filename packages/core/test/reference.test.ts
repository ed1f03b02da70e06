import { describe, expect, test } from "vitest";
import { membersOf, rowsOf, sectionsOf } from "./support/pages.js";

// docs/reference.md has every member of what users hold in their hands.

/** The sections about another entry point, `sendmsg/udp`. The rest is as in SECTIONS. */
const UDP_SECTIONS: [heading: string, interfaces: string[]][] = [
  ["UdpSocket", ["UdpSocket"]],
  ["Options of a UdpSocket", ["UdpFacts", "UdpConnectOptions", "UdpOptions"]],
  ["UdpBatch", ["UdpBatch"]],
];

/** The heading of a section, the interfaces and classes whose members it lists, and members that another section has. */
const SECTIONS: [heading: string, interfaces: string[], elsewhere?: string[]][] = [
  ["Options of a new socket", ["SocketOptions"]],
  ["More options of Socket.open", ["OpenOptions"]],
  ["More options of Listener.listen", ["ListenOptions"]],
  ["Socket", ["Socket"], ["open", "from"]],
  ["Listener", ["Listener"], ["listen", "from"]],
  ["Options of Listener.connections", ["AcceptOptions"]],
  ["Options of a receive", ["ReceiveOptions"]],
  ["Options of Socket.messages", ["IterationOptions"]],
  ["A message that you send", ["OutgoingMessage"]],
  ["Options of a send", ["SendOptions"]],
  ["What a send returns", ["SendResult"]],
  ["A message that you receive", ["Message"]],
  ["Options of detach", ["DetachOptions"]],
  ["FileDescriptor", ["FileDescriptor"]],
  ["Peer", ["Peer"]],
  ["TransmitTimestamps", ["TransmitTimestamps"]],
  ["Options of TransmitTimestamps", ["TransmitTimestampsOptions"]],
  ["What a send with timestamps returns", ["StampedSend", "SendResult"]],
  ["Options of enableTxTime", ["TxTimeOptions"]],
  ["Options of reusePortProgram", ["ReusePortSteering"]],
  ["Options of createBatch", ["BatchOptions"]],
  ["MessageBatch", ["MessageBatch"]],
  ["Packets", ["PacketInfo", "PacketSettings"]],
  [
    "Entries of the error queue",
    ["UndeliveredReport", "TimestampReport", "ZeroCopyReport", "TxTimeReport", "OtherReport"],
  ],
];

const sections = sectionsOf("docs/reference.md");
const rowsIn = (heading: string): string[][] =>
  rowsOf(sections.find((section) => section.heading === heading)!.text);

/** The names in the first cell of a row: `await sendmsg(message)` is sendmsg, `Socket.connect(to)` is connect. */
const namesIn = ([first]: string[]): string[] =>
  [...first!.matchAll(/`(?:await )?(?:\w+\.)?(\w+)/g)].map(([, name]) => name!);

describe("docs/reference.md has a row for every member, and no other", () => {
  test.each(SECTIONS)("%s", (heading, interfaces, elsewhere = []) => {
    const members = interfaces.flatMap((name) => [...membersOf("index", name).keys()]);
    const expected = [...new Set(members)].filter((name) => !elsewhere.includes(name));
    expect(rowsIn(heading).flatMap(namesIn).sort()).toEqual(expected.sort());
  });

  test.each(UDP_SECTIONS)("%s of sendmsg/udp", (heading, interfaces) => {
    const expected = new Set(interfaces.flatMap((name) => [...membersOf("udp", name).keys()]));
    expect(rowsIn(heading).flatMap(namesIn).sort()).toEqual([...expected].sort());
  });

  test("UDP packets of sendmsg/udp", () => {
    const names = [...membersOf("udp", "UdpPacket"), ...membersOf("udp", "UdpMessage")].map(([name]) => name);
    const expected = new Set([...names, ...membersOf("index", "PacketSettings").keys()]);
    expect(rowsIn("UDP packets").flatMap(namesIn).sort()).toEqual([...expected].sort());
  });

  test("Making a socket", () => {
    const documented = rowsIn("Making a socket").flatMap(namesIn);
    for (const name of [
      "connect",
      "bind",
      "open",
      "from",
      "socketpair",
      "socketpairForChild",
      "listen",
      "adopt",
      "claim",
    ]) {
      expect(documented).toContain(name);
    }
    for (const { elsewhere = [] } of SECTIONS.map(([, , elsewhere]) => ({ elsewhere }))) {
      for (const name of elsewhere) expect(documented).toContain(name);
    }
  });
});

test("docs/reference.md says that an option is required exactly if it is", () => {
  for (const [heading, interfaces] of SECTIONS.filter(([heading]) => /[Oo]ptions|you send/.test(heading))) {
    const column = heading === "Options of a new socket" ? 2 : 1;
    const members = new Map(interfaces.flatMap((name) => [...membersOf("index", name)]));
    for (const row of rowsIn(heading)) {
      for (const name of namesIn(row)) {
        expect(row[column] === "required", `${heading}: ${name}`).toBe(!members.get(name)!.optional);
      }
    }
  }
});
