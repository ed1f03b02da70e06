import { Buffer } from "node:buffer";
import { type Address, type AddressInput, decodeAddress } from "../address/index.js";
import { checkObject } from "../arguments.js";
import { AF_UNIX } from "../constants/address-families.js";
import { MSG_OOB } from "../constants/message-flags.js";
import { SOCK_STREAM } from "../constants/socket-types.js";
import { decodeControl } from "../control/decode.js";
import { EAGAIN, EOPNOTSUPP } from "../errno.js";
import { systemError } from "../errors.js";
import type { OutgoingMessage } from "../message.js";
import { checkNotAborted, SIGNAL_KEYS } from "../socket/abort.js";
import type { SocketFacts } from "../socket/facts.js";
import { rejectInTurn } from "../socket/fairness.js";
import { checkMessage, checkOutgoing, encodedAddress } from "../socket/outgoing.js";
import { SEND_KEYS, type SendOptions } from "../socket/send-options.js";
import { SendQueue, type SendResult, type Transport, withBytesSent } from "../socket/send-queue.js";
import type { Attachments, Channel } from "./channel.js";
import { fileBehind } from "./fake-descriptor.js";
import type { Faults } from "./faults.js";
import type { MemoryEndpoint } from "./memory-endpoint.js";

interface ChannelMessage {
  readonly iov: Uint8Array | Uint8Array[];
  readonly total: number;
  readonly inParts: boolean;
  readonly attachments: Attachments;
}

const interfaces = new Map<string, number>();

/** Every name counts as an interface, so that a test does not depend on this machine's interfaces. */
function interfaceIndex(name: string): number {
  const index = interfaces.get(name) ?? interfaces.size + 1;
  interfaces.set(name, index);
  return index;
}

/** Encodes and decodes the address, as on its way through the kernel. So the receiver gets an object of its own. */
const throughBytes = (argument: string, address: AddressInput | Uint8Array): Address =>
  decodeAddress(encodedAddress(argument, address, interfaceIndex));

/** The sending half of a socket in memory. */
export class MemorySending implements Transport<ChannelMessage> {
  readonly #channel: Channel;
  readonly #facts: SocketFacts;
  readonly #faults: Faults<"sendmsg" | "recvmsg">;
  readonly #endpoint: MemoryEndpoint;
  readonly queue: SendQueue<ChannelMessage>;
  readonly isStream: boolean;

  constructor(
    channel: Channel,
    facts: SocketFacts,
    faults: Faults<"sendmsg" | "recvmsg">,
    endpoint: MemoryEndpoint,
  ) {
    this.#channel = channel;
    this.#facts = facts;
    this.#faults = faults;
    this.#endpoint = endpoint;
    this.isStream = facts.type === SOCK_STREAM;
    this.queue = new SendQueue(endpoint, this);
  }

  sendMessage(message: OutgoingMessage, options: SendOptions): Promise<SendResult> {
    try {
      const prepared = this.#prepare(message);
      const signal = checkNotAborted(checkObject("options", options, SEND_KEYS).signal);
      return this.queue.send(prepared, signal);
    } catch (error) {
      return rejectInTurn(withBytesSent(error as Error, 0));
    }
  }

  trySendMessage(message: OutgoingMessage): SendResult | undefined {
    try {
      return this.queue.trySend(this.#prepare(message));
    } catch (error) {
      throw withBytesSent(error as Error, 0);
    }
  }

  async writable(options: { signal?: AbortSignal }): Promise<void> {
    const { signal } = checkObject("options", options, SIGNAL_KEYS);
    this.#endpoint.open();
    return this.queue.writable(checkNotAborted(signal));
  }

  #prepare(message: OutgoingMessage): ChannelMessage {
    this.#endpoint.open();
    this.queue.checkOpen();
    // A datagram's address names the sender here, and may be of any family.
    const outgoing = checkOutgoing(
      checkMessage(message),
      this.#facts,
      fileBehind,
      throughBytes,
      interfaceIndex,
    );
    const { iov, total, files, control, address, flags } = outgoing;
    if (flags & MSG_OOB) throw systemError(EOPNOTSUPP, "sendmsg");
    const attachments = {
      files,
      control: control ? decodeControl(control, { family: AF_UNIX }) : [],
      address,
    };
    return { iov, total, inParts: this.isStream, attachments };
  }

  orderOf(): string {
    return "";
  }

  send({ iov, attachments }: ChannelMessage, sent: number): number {
    const error = this.#faults.due("sendmsg");
    if (error) throw error;
    const fault = this.#faults.planned("sendmsg");
    const bytes = Buffer.concat(Array.isArray(iov) ? iov : [iov]).subarray(sent);
    const given = sent === 0 ? attachments : { ...attachments, files: [] };
    if (fault && bytes.length > 0) {
      const count = this.#channel.push(bytes.subarray(0, fault.bytesLeft), given);
      fault.bytesLeft -= count;
      return count;
    }
    if (this.#faults.isBlocked("sendmsg")) return -EAGAIN;
    return this.#channel.write(bytes, given) ?? -EAGAIN;
  }

  refusesWhileWritable(): boolean {
    return false;
  }

  /** A planned error must come even if there is no room, so the writer is told at once. */
  willReportWritable(): boolean {
    if (this.#faults.planned("sendmsg")) this.#channel.tellWriter();
    return true;
  }

  expectWritable(): void {}

  isWritable(): boolean {
    if (this.#faults.planned("sendmsg")) return true;
    return !this.#faults.isBlocked("sendmsg") && this.#channel.hasRoom();
  }

  shutDownWriting(): void {
    this.#channel.shutDownWriting();
  }

  // Files are ordinary objects here, so the garbage collector keeps them alive. No call waits, so none needs a thread.
  retain(): void {}
  release(): void {}
  noteDescriptorsSent(): void {}
  sendInThread(): void {}
}
