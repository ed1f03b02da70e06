import { expect } from "vitest";
import { AF_INET6, AF_PACKET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } from "../../src/constants/index.js";
import { Socket } from "../../src/index.js";
import { own } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { skipUnless } from "../support/skip-unless.js";
import { ip, link, links } from "./links.js";
import { firstOf } from "./missing.js";
import { namespace, namespaces } from "./namespace.js";

const missing = firstOf(namespaces(), links("ifb"));
const inNamespaces = skipUnless(missing ?? "", missing === undefined);
/** An index that no namespace assigns by itself. */
const INDEX = 7077;

inNamespaces(
  "an interface's name is looked up in the socket's network namespace, even if sysfs shows another",
  () =>
    withSockets(async () => {
      const elsewhere = await namespace();
      // This namespace has an interface of the same name. The kernel would accept its index without an error.
      const name = link("ifb");
      elsewhere.run(`ip link add ${name} index ${INDEX} type ifb`);
      elsewhere.run(`ip link set ${name} up`);

      const packets = elsewhere.open(AF_PACKET, SOCK_DGRAM);
      const sent = packets.sendmsg({
        data: "x",
        address: { family: "packet", interface: name, protocol: 0x88b6, address: "00:00:00:00:00:00" },
      });
      expect(await sent).toEqual({ bytes: 1 });

      const udp = elsewhere.open(AF_INET6, SOCK_DGRAM);
      udp.options.set("ipv6UnicastIf", name);
      expect(udp.options.get("ipv6UnicastIf")).toBe(INDEX);
      udp.options.set("ipv6AddMembership", { group: "ff02::fb", interface: name });
      udp.options.set("bindToIfIndex", name);
      expect(udp.options.get("bindToIfIndex")).toBe(INDEX);
      // The zone of a connected socket's address comes from the other namespace, too.
      await udp.connect({ address: `fe80::1%${name}`, port: 9 });
      expect(udp.getpeername()).toMatchObject({ scopeId: INDEX });
      // A socket of any family can be asked for an interface.
      const stream = elsewhere.open(AF_UNIX, SOCK_STREAM);
      stream.options.set("bindToIfIndex", name);
      expect(stream.options.get("bindToIfIndex")).toBe(INDEX);
      expect(() => udp.options.set("bindToIfIndex", "no-such-if")).toThrow(
        'The "value" argument names no network interface: "no-such-if"',
      );
    }),
);

inNamespaces("an interface's name is looked up in this process's namespace before the socket is made", () =>
  withSockets(async () => {
    const name = link("ifb");
    const index = Number(/^(\d+):/.exec(ip(`-o link show ${name}`))![1]);
    const socket = own(await Socket.bind({ family: "packet", interface: name }, { type: "dgram" }));
    expect(socket.getsockname()).toMatchObject({ interface: index });
    await expect(
      Socket.bind({ family: "packet", interface: "no-such-if" }, { type: "dgram" }),
    ).rejects.toMatchObject({ argument: "at.interface" });
  }),
);
