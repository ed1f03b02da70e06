import { checkFunction, checkInteger } from "../arguments.js";
import { fs, os } from "../builtins.js";
import { invalidArgType, invalidArgValue } from "../errors.js";
import { readI32, readU32Be, write32, write32Be } from "./bytes.js";
import { both } from "./layout.js";
import type { InterfaceLookup, Payload } from "./payload.js";

/** IFNAMSIZ, include/uapi/linux/if.h: how many bytes an interface's name can have, with its null byte. */
export const IFNAMSIZ = 16;

/** At most IFNAMSIZ - 1 characters, and none that dev_valid_name() in net/core/dev.c refuses. */
const INTERFACE_NAME = /^[^\s/:]{1,15}$/;

/**
 * Finds an interface's index in sysfs. sysfs shows the network namespace in which it was mounted. If sysfs is not available, takes
 * the index from the interface's link-local address.
 */
export const systemInterfaceIndex: InterfaceLookup = (name) => {
  try {
    return Number.parseInt(fs().readFileSync(`/sys/class/net/${name}/ifindex`, "latin1"), 10);
  } catch {
    for (const address of os().networkInterfaces()[name] ?? []) {
      if (address.family === "IPv6" && address.scopeid > 0) return address.scopeid;
    }
    return undefined;
  }
};

/** Checks the function with which a caller looks up interfaces. Default: {@link systemInterfaceIndex}. */
export const checkInterfaceLookup = (
  given: InterfaceLookup | undefined,
  argument = "options.interfaceIndex",
): InterfaceLookup => (given === undefined ? systemInterfaceIndex : checkFunction(argument, given));

/** Checks an interface that was given by name or index. Returns its index. */
export function checkInterface(argument: string, value: unknown, interfaceIndex: InterfaceLookup): number {
  if (typeof value === "number") return checkInteger(argument, value, 0, 0x7fffffff);
  if (typeof value !== "string") throw invalidArgType(argument, "of type string or number", value);
  // "." and ".." match the pattern, but are no interface names: in the path they would lead out of the folder.
  const index =
    INTERFACE_NAME.test(value) && value !== "." && value !== ".." ? interfaceIndex(value) : undefined;
  if (index === undefined) {
    const fix = /^[\d.]+$|:/.test(value) ? ". Give the interface's name or number, not an address" : "";
    throw invalidArgValue(argument, `names no network interface: ${JSON.stringify(value)}${fix}`);
  }
  return index;
}

/** A network interface, by name or index. 0 lets the kernel choose. Reading returns the index. */
export const interfaceIndex: Payload<number | string> = {
  ctype: "int",
  size: both(4),
  align: both(4),
  read: readI32,
  write(bytes, at, value, encoding, argument) {
    write32(bytes, at, checkInterface(argument, value, encoding.interfaceIndex));
  },
};

/** The same in network byte order, for IP_UNICAST_IF and IPV6_UNICAST_IF. */
export const interfaceIndexBe: Payload<number | string> = {
  ctype: "__be32",
  size: both(4),
  align: both(4),
  read: readU32Be,
  write(bytes, at, value, encoding, argument) {
    write32Be(bytes, at, checkInterface(argument, value, encoding.interfaceIndex));
  },
};
