import type { AddressInput } from "../address/index.js";
import { checkObject, type Data } from "../arguments.js";
import { AF_INET, AF_INET6 } from "../constants/address-families.js";
import { EncodedControl } from "../control/encoded-control.js";
import type { ControlMessage } from "../control/index.js";
import { type IpFamily, type PacketSettings, packetControlOf } from "../ip-packet.js";
import { keysOf } from "../known-keys.js";

/** A packet that a {@link UdpSocket} sends. */
export interface UdpMessage extends PacketSettings {
  /** The bytes: a string (UTF-8), a view, a buffer, or a list of them. Default: none. */
  data?: Data | undefined;
  /** The destination, on a socket that is not connected. */
  address?: AddressInput | undefined;
  /** Cuts the data into datagrams of so many bytes, as {@link OutgoingMessage.segmentSize} does. */
  segmentSize?: number | undefined;
  /** When the packet is to leave, in nanoseconds of the clock that the socket option `txTime` chose. */
  txTime?: bigint | undefined;
}

const KEYS = /* @__PURE__ */ keysOf<UdpMessage>({
  data: true,
  address: true,
  ecn: true,
  dscp: true,
  hopLimit: true,
  source: true,
  interfaceIndex: true,
  segmentSize: true,
  txTime: true,
});

/** Checks the keys of a packet that `method` got. Many programs first write send("text"). */
export const checkUdpMessage = (message: UdpMessage, method: "send" | "trySend" | "push"): UdpMessage =>
  checkObject("message", message, KEYS, FIXES[method]);

const FIXES = {
  send: "Write send({ data: … })",
  trySend: "Write trySend({ data: … })",
  push: "Write push({ data: … })",
};

/** How many different sets of headers are remembered. */
const REMEMBERED = 32;

interface Known extends Required<{ [K in keyof PacketSettings]: PacketSettings[K] }> {
  readonly family: IpFamily;
  readonly control: EncodedControl;
}

/** Makes the control data of packets, and remembers them: most packets of a program have the same headers. */
export class HeaderControl {
  readonly #socketFamily: number;
  readonly #known: Known[] = [];
  #oldest = 0;
  #last: Known | undefined;

  constructor(family: IpFamily) {
    this.#socketFamily = family === "ipv4" ? AF_INET : AF_INET6;
  }

  /** The control messages of a packet of this version of IP. Undefined: it needs none. `familyOf` is called only if it needs some. */
  of(message: UdpMessage, familyOf: () => IpFamily): readonly ControlMessage[] | undefined {
    const { ecn, dscp, hopLimit, source, interfaceIndex, txTime } = message;
    let control: readonly ControlMessage[] | undefined;
    if (
      ecn !== undefined ||
      dscp !== undefined ||
      hopLimit !== undefined ||
      source !== undefined ||
      interfaceIndex !== undefined
    ) {
      control = this.#encoded(familyOf(), ecn, dscp, hopLimit, source, interfaceIndex);
    }
    if (txTime === undefined) return control;
    // Every packet has another time, so there is nothing to remember.
    return [...(control ?? []), { name: "txTime", value: txTime }];
  }

  #encoded(
    family: IpFamily,
    ecn: PacketSettings["ecn"],
    dscp: PacketSettings["dscp"],
    hopLimit: PacketSettings["hopLimit"],
    source: PacketSettings["source"],
    interfaceIndex: PacketSettings["interfaceIndex"],
  ): EncodedControl {
    const isWanted = (known: Known): boolean =>
      known.ecn === ecn &&
      known.source === source &&
      known.interfaceIndex === interfaceIndex &&
      known.dscp === dscp &&
      known.hopLimit === hopLimit &&
      known.family === family;
    if (this.#last !== undefined && isWanted(this.#last)) return this.#last.control;
    let found = this.#known.find(isWanted);
    if (found === undefined) {
      const headers = { ecn, dscp, hopLimit, source, interfaceIndex };
      const control = new EncodedControl(packetControlOf(headers, family, "message"), this.#socketFamily);
      found = { family, ...headers, control };
      this.#known[this.#oldest] = found;
      this.#oldest = (this.#oldest + 1) % REMEMBERED;
    }
    this.#last = found;
    return found.control;
  }
}
