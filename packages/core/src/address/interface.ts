import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { checkInteger } from "../arguments.js";
import { invalidArgType, invalidArgValue } from "../errors.js";
import type { InterfaceIndex } from "./codec.js";

/** IFNAMSIZ less the null byte, include/uapi/linux/if.h; what else dev_valid_name() in net/core/dev.c refuses. */
const INTERFACE_NAME = /^[^\s/:]{1,15}$/;

/**
 * From sysfs, which belongs to the network namespace in which it was mounted; where that is not to be had, from the
 * interface's link-local address.
 */
const bySysfs: InterfaceIndex = (name) => {
  try {
    return Number.parseInt(readFileSync(`/sys/class/net/${name}/ifindex`, "latin1"), 10);
  } catch {
    for (const address of networkInterfaces()[name] ?? []) {
      if (address.family === "IPv6" && address.scopeid > 0) return address.scopeid;
    }
    return undefined;
  }
};

let lookUp = bySysfs;

/** The index of an interface: as the kernel says where a socket encodes; in the codecs on their own, from sysfs. */
export const systemInterfaceIndex: InterfaceIndex = (name) => lookUp(name);

/** Has `encode`, and every codec below it, find interfaces by this. */
export function findingInterfaces<T>(interfaceIndex: InterfaceIndex, encode: () => T): T {
  const before = lookUp;
  lookUp = interfaceIndex;
  try {
    return encode();
  } finally {
    lookUp = before;
  }
}

/** An interface given by name or index, as its index. */
export function checkInterface(argument: string, value: unknown, interfaceIndex: InterfaceIndex): number {
  if (typeof value === "number") return checkInteger(argument, value, 0, 0x7fffffff);
  if (typeof value !== "string") throw invalidArgType(argument, "of type string or number", value);
  // "." and ".." pass the pattern, and are no names: they would lead out of the folder.
  const index =
    INTERFACE_NAME.test(value) && value !== "." && value !== ".." ? interfaceIndex(value) : undefined;
  if (index === undefined) {
    throw invalidArgValue(argument, `names no network interface: ${JSON.stringify(value)}`);
  }
  return index;
}
