import { describe, expect } from "vitest";
import { kernelFeatures } from "../../src/cli/features.js";
import { Socket, socketpair } from "../../src/index.js";
import { counted } from "../support/counted.js";
import { onRealKernel } from "../support/skip-unless.js";

const features = new Map(kernelFeatures().map((feature) => [feature.name, feature]));

/** Whether the feature works when a program uses it. */
async function works(use: () => Promise<void> | void): Promise<boolean> {
  try {
    await use();
    return true;
  } catch {
    return false;
  }
}

async function withUnix(use: (socket: Socket) => void): Promise<void> {
  const pair = socketpair();
  try {
    use(pair[0]);
  } finally {
    await Promise.all(pair.map((socket) => socket.close()));
  }
}

async function withUdp(use: (socket: Socket) => void): Promise<void> {
  const socket = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
  try {
    use(socket);
  } finally {
    await socket.close();
  }
}

describe("doctor reports a feature exactly if it works on this kernel", () => {
  const uses: Record<string, () => Promise<void>> = {
    SO_INQ: () => withUnix((socket) => socket.receive("inq")),
    SO_PASSPIDFD: () => withUnix((socket) => socket.receive("pidfd")),
    SO_PASSRIGHTS: () =>
      withUnix(() => {
        for (const socket of socketpair("stream", { maxFds: "refuse" })) void socket.close();
      }),
    UDP_GRO: () => withUdp((socket) => socket.receive("udpGro")),
    UDP_SEGMENT: () =>
      withUdp((socket) => {
        const control = [{ name: "udpSegment", value: 3 }] as const;
        socket.trySendmsg({ data: "abcdef", control, address: socket.getsockname() });
      }),
    SO_TIMESTAMPNS_NEW: () => withUdp((socket) => socket.receive("timestampNs")),
    SO_TIMESTAMPING_NEW: () => withUdp((socket) => socket.receive("timestamping")),
    SO_RCVMARK: () => withUdp((socket) => socket.receive("mark")),
    SO_RCVPRIORITY: () => withUdp((socket) => socket.receive("priority")),
  };

  for (const [name, use] of Object.entries(uses)) {
    onRealKernel(name, () =>
      counted(async () => {
        const { present, reason } = features.get(name)!;
        expect(present, reason).toBe(await works(use));
      }),
    );
  }

  onRealKernel("every feature that doctor reports has a test", () => {
    for (const { name, present, reason, since } of features.values()) {
      expect([typeof name, typeof since]).toEqual(["string", "string"]);
      expect(reason === undefined, name).toBe(present);
    }
    expect(features.size).toBe(12);
  });
});
