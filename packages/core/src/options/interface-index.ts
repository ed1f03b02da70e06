import { checkInterface, systemInterfaceIndex } from "../address/interface.js";
import { readI32, readU32Be, write32, write32Be } from "../bytes.js";
import { both, type Payload } from "../control/payload.js";

/** A network interface, by its name or index; 0 leaves the choice to the kernel. Read, it is the index. */
export const interfaceIndex: Payload<number | string> = {
  ctype: "int",
  size: both(4),
  align: both(4),
  read: readI32,
  write(bytes, at, value, _layout, argument) {
    write32(bytes, at, checkInterface(argument, value, systemInterfaceIndex));
  },
};

/** The same in network order, which IP_UNICAST_IF and IPV6_UNICAST_IF want. */
export const interfaceIndexBe: Payload<number | string> = {
  ctype: "__be32",
  size: both(4),
  align: both(4),
  read: readU32Be,
  write(bytes, at, value, _layout, argument) {
    write32Be(bytes, at, checkInterface(argument, value, systemInterfaceIndex));
  },
};
