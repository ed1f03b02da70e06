import { afterEach, describe, expect, it } from "vitest";
import { EINVAL } from "../../src/errno.js";
import { type PathMtuDiscovery, UdpSocket } from "../../src/udp/index.js";
import { closeAll, own } from "../support/closing.js";
import { counted } from "../support/counted.js";
import { thrown } from "../support/outcome.js";
import { onRealKernel } from "../support/skip-unless.js";
import { bound } from "./ways.js";

afterEach(closeAll);

const NAMES: PathMtuDiscovery[] = ["dont", "want", "do", "probe", "interface", "omit"];

describe("path MTU discovery", () => {
  it.each(NAMES)('"%s" is set for both versions of IP', async (name) => {
    for (const [i, address] of ["127.0.0.1", "::1", "::"].entries()) {
      const socket = await bound(address);
      socket.pathMtuDiscovery = name;
      expect(socket.pathMtuDiscovery).toBe(name);
      const { options } = socket.socket;
      expect(options.get("ipMtuDiscover")).toBe(NAMES.indexOf(name));
      if (i > 0) expect(options.get("ipv6MtuDiscover")).toBe(NAMES.indexOf(name));
      const other = await bound(address, { pathMtuDiscovery: name });
      expect(other.pathMtuDiscovery).toBe(name);
    }
  });

  it.each([
    ["prob", 'Received "prob". Did you mean "probe"?'],
    ["IP_PMTUDISC_DO", 'Received "IP_PMTUDISC_DO"'],
    [2, "Received 2"],
    [undefined, "Received undefined"],
  ])("%o is refused", async (value, end) => {
    const socket = await bound("127.0.0.1");
    const error = thrown(() => {
      socket.pathMtuDiscovery = value as never;
    });
    expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", argument: "pathMtuDiscovery" });
    const names = '"dont", "want", "do", "probe", "interface", "omit"';
    expect(error.message).toBe(`The "pathMtuDiscovery" argument must be one of ${names}. ${end}`);
  });

  onRealKernel('"do" and "probe" refuse a packet that is longer than the MTU of the interface', async () => {
    const receiver = await bound("::");
    const { port } = receiver.getsockname();
    // The loopback interface has an MTU of 65536, and no packet is longer. So ask for what the kernel says of its path.
    const socket = own(await UdpSocket.connect({ address: "127.0.0.1", port }, { pathMtuDiscovery: "do" }));
    expect(socket.pathMtu).toBeGreaterThan(1280);
  });
});

describe("the path's MTU", () => {
  onRealKernel("is known of a connected socket of each version of IP", async () => {
    const receiver = await bound("::");
    const { port } = receiver.getsockname();
    for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
      const socket = own(await UdpSocket.connect({ address, port }));
      expect(socket.pathMtu).toBeGreaterThanOrEqual(1280);
    }
  });

  onRealKernel("is known of a connected socket only", async () => {
    for (const address of ["127.0.0.1", "::1"]) {
      const socket = await bound(address);
      expect(thrown(() => socket.pathMtu)).toMatchObject({ code: "ENOTCONN" });
    }
  });
});

describe("capabilities", () => {
  it("say what the kernel has, the same for each socket, and open nothing that stays open", async () => {
    await counted(async () => {
      for (const address of ["127.0.0.1", "::1"]) {
        const socket = await bound(address);
        const { capabilities } = socket;
        expect([1, 64, 128]).toContain(capabilities.maxSegments);
        expect(typeof capabilities.gro).toBe("boolean");
        expect(socket.capabilities).toBe(capabilities);
        expect(Object.isFrozen(capabilities)).toBe(true);
        for (const name of NAMES) {
          const set = () => {
            socket.pathMtuDiscovery = name;
          };
          if (capabilities.pathMtuDiscovery.includes(name)) set();
          else expect(thrown(set)).toMatchObject({ errno: -EINVAL });
        }
      }
      await closeAll();
    });
  });
});
