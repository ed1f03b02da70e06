import { describe, expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import {
  AF_INET,
  AF_RXRPC,
  MSG_MORE,
  RXRPC_EXCLUSIVE_CALL,
  RXRPC_UPGRADE_SERVICE,
  SOCK_DGRAM,
  SOL_RXRPC,
} from "../../src/constants/index.js";
import type { ControlMessage, ControlName } from "../../src/control/index.js";
import type { Message, Socket } from "../../src/index.js";
import { listen } from "../../src/syscalls/index.js";
import { rejection } from "../support/outcome.js";
import { next, open, udp4 } from "../support/sockets.js";
import { find, names, valueIn } from "./control.js";
import { firstOf, sockets } from "./missing.js";
import { namespace, namespaces } from "./namespace.js";
import { proves } from "./proves.js";

const missing = sockets("RxRPC", AF_RXRPC, SOCK_DGRAM, AF_INET);
const SERVICE = 4711;

const id = (value: bigint): ControlMessage => ({ name: "rxrpcUserCallId", value });
const plain = (name: "rxrpcChargeAccept" | "rxrpcExclusiveCall" | "rxrpcUpgradeService"): ControlMessage => ({
  name,
  value: null,
});

let port = 30_000 + (process.pid % 20_000);
const place = (at = ++port) =>
  ({
    family: "rxrpc",
    service: SERVICE,
    transport: { family: "ipv4", address: "127.0.0.1", port: at },
  }) as const;

const CALL = 0x7001n;
const CHARGED = 0x5001n;

/** A server that will accept one call, and a client. */
async function ends(): Promise<{ client: Socket; server: Socket; address: ReturnType<typeof place> }> {
  const address = place();
  const server = open(AF_RXRPC, SOCK_DGRAM, AF_INET, { at: encodeAddress(address) });
  listen(server.fd, 10);
  await server.sendmsg({ control: [id(CHARGED), plain("rxrpcChargeAccept")] });
  return { client: open(AF_RXRPC, SOCK_DGRAM, AF_INET), server, address };
}

/** Receives until a message has this control message. */
async function until(socket: Socket, name: ControlName): Promise<Message> {
  for (;;) {
    const message = await next(socket);
    if (names(message.control).includes(name)) return message;
  }
}

/** Receives until a message has data. */
async function untilData(socket: Socket): Promise<Message> {
  for (;;) {
    const message = await next(socket);
    if (message.data.length > 0) return message;
  }
}

/** Makes a whole call: a question, an answer, and the acknowledgement that ends the call for the server. */
async function call(more: ControlMessage[] = []): Promise<Record<"question" | "answer" | "end", Message>> {
  const { client, server, address } = await ends();
  await client.sendmsg({ data: "question", address, control: [id(CALL), ...more] });
  const question = await untilData(server);
  await server.sendmsg({ data: "answer", control: [id(CHARGED)] });
  const answer = await untilData(client);
  const end = await until(server, "rxrpcAck");
  return { question, answer, end };
}

describe("SOL_RXRPC", () => {
  proves(["rxrpcUserCallId"], ["send", "receive"], missing, async () => {
    const { question, answer } = await call();
    expect(question.data.toString()).toBe("question");
    expect(valueIn(question, "rxrpcUserCallId")).toBe(CHARGED);
    expect(answer.data.toString()).toBe("answer");
    expect(valueIn(answer, "rxrpcUserCallId")).toBe(CALL);
  });

  proves("rxrpcChargeAccept", "send", missing, async () => {
    const { question } = await call();
    expect(valueIn(question, "rxrpcUserCallId")).toBe(CHARGED);
  });

  proves("rxrpcAck", "receive", missing, async () => {
    const { end } = await call();
    expect(find(end.control, "rxrpcAck")).toBeNull();
    expect(valueIn(end, "rxrpcUserCallId")).toBe(CHARGED);
  });

  proves("rxrpcAbort", ["send", "receive"], missing, async () => {
    const { client, server, address } = await ends();
    await client.sendmsg({ data: "question", address, control: [id(CALL)] });
    await untilData(server);
    await server.sendmsg({ control: [id(CHARGED), { name: "rxrpcAbort", value: 0xfedcba98 }] });
    const message = await until(client, "rxrpcAbort");
    expect(valueIn(message, "rxrpcAbort")).toBe(0xfedcba98);
    expect(valueIn(message, "rxrpcUserCallId")).toBe(CALL);
  });

  proves("rxrpcNetError", "receive", missing, async () => {
    const { socket: gone, at } = await udp4();
    await gone.close();
    const client = open(AF_RXRPC, SOCK_DGRAM, AF_INET);
    // The ICMP error can arrive before the call returns.
    await client.sendmsg({ data: "question", address: place(at.port), control: [id(CALL)] }).catch(() => {});
    const ECONNREFUSED = 111;
    expect(valueIn(await until(client, "rxrpcNetError"), "rxrpcNetError")).toBe(ECONNREFUSED);
  });

  for (const [name, type] of [
    ["rxrpcExclusiveCall", RXRPC_EXCLUSIVE_CALL],
    ["rxrpcUpgradeService", RXRPC_UPGRADE_SERVICE],
  ] as const) {
    proves(name, "send", missing, async () => {
      const { answer } = await call([plain(name)]);
      expect(answer.data.toString()).toBe("answer");
      // The kernel checks that the message has no payload.
      const { client, address } = await ends();
      const wrong: ControlMessage = { name: "unknown", level: SOL_RXRPC, type, data: new Uint8Array(4) };
      const refused = client.sendmsg({ data: "x", address, control: [id(CALL), wrong] });
      expect((await rejection(refused)).code).toBe("EINVAL");
    });
  }

  proves("rxrpcTxLength", "send", missing, async () => {
    const { client, address } = await ends();
    const length = { name: "rxrpcTxLength", value: 8n } as const;
    await client.sendmsg({ data: "1234", address, control: [id(CALL), length], flags: MSG_MORE });
    // The kernel refuses more bytes than were announced.
    const over = client.sendmsg({ data: "56789", control: [id(CALL)], flags: MSG_MORE });
    expect((await rejection(over)).code).toBe("EMSGSIZE");
  });

  proves("rxrpcSetCallTimeout", "send", missing, async () => {
    const { client, server, address } = await ends();
    const timeout: ControlMessage = { name: "rxrpcSetCallTimeout", value: [1] };
    await client.sendmsg({ data: "question", address, control: [id(CALL), timeout] });
    await untilData(server);
    // Nobody answers, so the kernel aborts the call after a second.
    const RX_CALL_TIMEOUT = 0xfffffffd;
    expect(valueIn(await until(client, "rxrpcAbort"), "rxrpcAbort")).toBe(RX_CALL_TIMEOUT);
  });

  proves("rxrpcLocalError", "receive", firstOf(missing, namespaces()), async () => {
    // An address without a route. The send can fail, too.
    const client = (await namespace()).open(AF_RXRPC, SOCK_DGRAM, AF_INET);
    const transport = { family: "ipv4", address: "192.0.2.1", port: 7001 } as const;
    await client
      .sendmsg({ data: "question", address: { ...place(), transport }, control: [id(CALL)] })
      .catch(() => {});
    const ENETUNREACH = 101;
    expect(valueIn(await until(client, "rxrpcLocalError"), "rxrpcLocalError")).toBe(ENETUNREACH);
  });
});
