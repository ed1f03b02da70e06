import { i32, u8, u16, u32 } from "../wire/integers.js";
import { both } from "../wire/layout.js";
import { list } from "../wire/list.js";
import type { Payload, ValueOf } from "../wire/payload.js";
import { struct } from "../wire/struct.js";

/** BPF_MAXINSNS, include/uapi/linux/bpf_common.h. */
const MOST = 4096;

/**
 * A program of classic BPF: struct sock_filter, include/uapi/linux/filter.h. A program that is set has at least one instruction.
 * Reading gives no instructions if the socket has no filter.
 */
export const filter: Payload<{ code: number; jt: number; jf: number; k: number }[]> = {
  ...list(struct("sock_filter", { code: u16, jt: u8, jf: u8, k: u32 }), 1, MOST),
  size: both(0),
};

/** A program of classic BPF, or the descriptor of an eBPF program. */
export const filterOrDescriptor: Payload<ValueOf<typeof filter> | number> = {
  ctype: "struct sock_fprog",
  size: both(4),
  align: both(4),
  reserve: filter.reserve!,
  read: i32.read,
  measure: (value, encoding, argument) =>
    typeof value === "number" ? 4 : filter.measure!(value, encoding, argument),
  write(bytes, at, value, encoding, argument, length) {
    if (typeof value === "number") i32.write(bytes, at, value, encoding, argument, length);
    else filter.write(bytes, at, value, encoding, argument, length);
  },
};
