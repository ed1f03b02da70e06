import { i32, u8, u16, u32 } from "../control/integers.js";
import { both, type Payload, type ValueOf } from "../control/payload.js";
import { struct } from "../control/struct.js";
import { structList } from "./struct-list.js";

/** BPF_MAXINSNS, include/uapi/linux/bpf_common.h. */
const MOST = 4096;

/** A program of classic BPF: struct sock_filter, include/uapi/linux/filter.h. */
export const filter = structList(struct("sock_filter", { code: u16, jt: u8, jf: u8, k: u32 }), 1, MOST);

/** The same, or the descriptor of an eBPF program. */
export const filterOrDescriptor: Payload<ValueOf<typeof filter> | number> = {
  ctype: "struct sock_fprog",
  size: both(4),
  align: both(4),
  room: filter.room!,
  read: i32.read,
  measure: (value, layout, argument) =>
    typeof value === "number" ? 4 : filter.measure!(value, layout, argument),
  write(bytes, at, value, layout, argument, length) {
    if (typeof value === "number") i32.write(bytes, at, value, layout, argument, length);
    else filter.write(bytes, at, value, layout, argument, length);
  },
};
