import { checkInteger, checkObject } from "./arguments.js";
import {
  BPF_A,
  BPF_ABS,
  BPF_ALU,
  BPF_B,
  BPF_H,
  BPF_JEQ,
  BPF_JGE,
  BPF_JMP,
  BPF_K,
  BPF_LD,
  BPF_LEN,
  BPF_MOD,
  BPF_RET,
  BPF_SUB,
  BPF_W,
  SKF_AD_CPU,
  SKF_AD_OFF,
  SKF_AD_QUEUE,
  SKF_AD_RANDOM,
} from "./constants/bpf.js";
import { invalidArgValue, printed } from "./errors.js";
import { keysOf } from "./known-keys.js";

/** One instruction of classic BPF: struct sock_filter, include/uapi/linux/filter.h. */
export interface FilterInstruction {
  code: number;
  jt: number;
  jf: number;
  k: number;
}

/** By which rule the kernel chooses one of the sockets that are bound to a port with `reusePort`. */
export interface ReusePortSteering {
  /**
   * - "cpu": the number of the processor that takes the packet in. With one thread for each processor, a packet stays on its own.
   * - "queue": the device's receive queue in which the packet came. Packets without one, as on the loopback interface, count as 0.
   * - "random": any socket. A sender's packets then come to several sockets, in no order.
   * - "payload": the number at `offset` of the UDP payload, for example a part of a QUIC connection ID.
   */
  by: "cpu" | "queue" | "random" | "payload";
  /** How many sockets are bound to the port. The rule's number modulo this one is the socket's index. */
  sockets: number;
  /** "payload": where the number begins, in bytes. */
  offset?: number;
  /** "payload": how many bytes the number has, 1, 2 or 4, the most significant first. Default: 1. */
  length?: 1 | 2 | 4;
}

const KEYS = /* @__PURE__ */ keysOf<ReusePortSteering>({
  by: true,
  sockets: true,
  offset: true,
  length: true,
});

/** The longest UDP payload. */
const MAX_PAYLOAD = 0xffff;
/** An index that no socket has. Then the kernel chooses by the addresses and ports: reuseport_select_sock(). */
const NO_SOCKET = 0xffffffff;
const SIZES: Readonly<Record<number, number>> = { 1: BPF_B, 2: BPF_H, 4: BPF_W };

const instruction = (code: number, k: number, jt = 0, jf = 0): FilterInstruction => ({
  code,
  jt,
  jf,
  k: k >>> 0,
});
/** Loads a fact about the packet that is not in its bytes. */
const load = (fact: number): FilterInstruction => instruction(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + fact);
const returnA = instruction(BPF_RET | BPF_A, 0);

function loads({ by, offset, length = 1 }: ReusePortSteering): FilterInstruction[] {
  switch (by) {
    case "cpu":
      return [load(SKF_AD_CPU)];
    case "random":
      return [load(SKF_AD_RANDOM)];
    case "queue":
      return [
        load(SKF_AD_QUEUE),
        // The kernel adds one to the number of a receive queue: 0 means none (skb_record_rx_queue(), include/linux/skbuff.h).
        instruction(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
        instruction(BPF_ALU | BPF_SUB | BPF_K, 1),
      ];
    case "payload": {
      const at = checkInteger("steering.offset", offset, 0, MAX_PAYLOAD);
      const size = SIZES[length];
      if (size === undefined)
        throw invalidArgValue("steering.length", `must be 1, 2 or 4. Received ${printed(length)}`);
      return [
        // A load beyond the end would end the program with the index 0.
        instruction(BPF_LD | BPF_W | BPF_LEN, 0),
        instruction(BPF_JMP | BPF_JGE | BPF_K, at + length, 1, 0),
        instruction(BPF_RET | BPF_K, NO_SOCKET),
        instruction(BPF_LD | size | BPF_ABS, at),
      ];
    }
    default:
      throw invalidArgValue(
        "steering.by",
        'must be "cpu", "queue", "random" or "payload". Classic BPF remembers nothing from packet to packet, so it can\'t take ' +
          `turns: take "random" for that. Received ${printed(by)}`,
      );
  }
}

/**
 * Returns a program of classic BPF that chooses which socket of a port gets a packet. Give it to one of the sockets, once all are
 * bound: `socket.options.set("attachReusePortCbpf", reusePortProgram({ by: "cpu", sockets: 2 }))`. It holds for all of them.
 *
 * A socket's index is its place in the order of bind(2), from 0; for listeners, in that of listen(2). If one is closed, the last one
 * takes its place. If the index is too high, or the payload too short, the kernel chooses as it does without a program: by the
 * addresses and ports.
 *
 * @throws TypeError, RangeError: the rule or one of its numbers is wrong.
 * @see socket(7) SO_ATTACH_REUSEPORT_CBPF; net/core/sock_reuseport.c, of the kernel
 */
export function reusePortProgram(steering: ReusePortSteering): FilterInstruction[] {
  const checked = checkObject("steering", steering, KEYS);
  const program = loads(checked);
  if (checked.by !== "payload") {
    for (const name of ["offset", "length"] as const) {
      if (checked[name] !== undefined) throw invalidArgValue(`steering.${name}`, 'is only for by: "payload"');
    }
  }
  const sockets = checkInteger("steering.sockets", checked.sockets, 1, 0xffff);
  return [...program, instruction(BPF_ALU | BPF_MOD | BPF_K, sockets), returnA];
}
