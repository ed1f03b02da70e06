import { expect } from "vitest";
import { AF_PACKET, SO_ATTACH_FILTER, SOCK_DGRAM, SOL_SOCKET } from "../../src/constants/index.js";
import { Socket } from "../../src/index.js";
import { getsockopt } from "../../src/syscalls/index.js";
import { own } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { thrown } from "../support/outcome.js";
import { onRealKernel } from "../support/skip-unless.js";
import { next, open, udp4 } from "../support/sockets.js";
import { isRoot } from "../support/target.js";

/** include/uapi/linux/bpf_common.h: BPF_RET | BPF_K, BPF_LD | BPF_B | BPF_ABS, BPF_JMP | BPF_JEQ | BPF_K. */
const [RETURN, LOAD_BYTE, IF_EQUAL] = [0x06, 0x30, 0x15];
/** struct udphdr, which comes before the data. */
const HEADER = 8;
/** A filter that accepts messages that begin with "y". */
const YES = [
  { code: LOAD_BYTE, jt: 0, jf: 0, k: HEADER },
  { code: IF_EQUAL, jt: 0, jf: 1, k: 0x79 },
  { code: RETURN, jt: 0, jf: 0, k: 0xffffffff },
  { code: RETURN, jt: 0, jf: 0, k: 0 },
];

const check = (title: string, body: () => unknown) => onRealKernel(title, () => withSockets(body));

check("attachFilter filters messages, and can be read back", async () => {
  const { socket, at } = await udp4();
  expect(socket.options.get("attachFilter")).toEqual([]);
  socket.options.set("attachFilter", YES);
  expect(socket.options.get("attachFilter")).toEqual(YES);
  for (const data of ["no", "yes"]) await socket.sendmsg({ data, address: at });
  expect(String((await next(socket)).data)).toBe("yes");
  socket.options.set("lockFilter", true);
  expect(thrown(() => socket.options.set("attachFilter", YES)).code).toBe("EPERM");
  expect(thrown(() => socket.options.set("attachFilter", []))).toMatchObject({ argument: "value.length" });
});

check("a read with too little room does not write beyond it", async () => {
  const { socket } = await udp4();
  socket.options.set("attachFilter", YES);
  const bytes = YES.length * 8;
  // The kernel takes the length for a number of instructions. It would write all four instructions into 31 bytes.
  expect(thrown(() => socket.options.getRaw(SOL_SOCKET, SO_ATTACH_FILTER, bytes - 1)).code).toBe("EINVAL");
  expect(getsockopt(socket.fd, SOL_SOCKET, SO_ATTACH_FILTER, { length: bytes + 5 })).toHaveLength(bytes);
});

check("attachReusePortCbpf chooses among the sockets of a port", async () => {
  const options = { type: "dgram", reusePort: true } as const;
  const first = own(await Socket.bind({ address: "127.0.0.1", port: 0 }, options));
  const second = own(await Socket.bind(first.getsockname(), options));
  const { socket: sender } = await udp4();
  for (const [k, chosen] of [
    [1, second],
    [0, first],
  ] as const) {
    first.options.set("attachReusePortCbpf", [{ code: RETURN, jt: 0, jf: 0, k }]);
    for (let i = 0; i < 4; i++) {
      await sender.sendmsg({ data: "x", address: first.getsockname() });
      await next(chosen);
    }
  }
});

const packets = isRoot ? check : onRealKernel.skip;
packets("packetFanoutData distributes packets", async () => {
  const PACKET_FANOUT_CBPF = 6;
  const ETH_P_ALL_BE = 0x0300;
  const group = (PACKET_FANOUT_CBPF << 16) | (process.pid & 0xffff);
  const [first, second] = [0, 1].map(() => {
    const socket = open(AF_PACKET, SOCK_DGRAM, ETH_P_ALL_BE);
    socket.options.set("packetFanout", group);
    return socket;
  }) as [Socket, Socket];
  first.options.set("packetFanoutData", [{ code: RETURN, jt: 0, jf: 0, k: 1 }]);
  const { socket, at } = await udp4();
  await socket.sendmsg({ data: "x", address: at });
  await next(second);
});
