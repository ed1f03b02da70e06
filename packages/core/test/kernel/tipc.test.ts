import { describe, expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { AF_TIPC, SOCK_RDM, SOL_TIPC } from "../../src/constants/index.js";
import { setsockopt } from "../../src/syscalls/index.js";
import { next, open } from "../support/sockets.js";
import { valueIn } from "./control.js";
import { sockets } from "./missing.js";
import { proves } from "./proves.js";

/** include/uapi/linux/tipc.h. */
const TIPC_DEST_DROPPABLE = 129;
const TIPC_ERR_NO_PORT = 2;
const TIPC_NODE_SCOPE = 3;

const missing = sockets("TIPC", AF_TIPC, SOCK_RDM);

describe("SOL_TIPC", () => {
  proves("tipcDestName", "receive", missing, async () => {
    const type = 100_000 + process.pid;
    const range = {
      family: "tipc",
      kind: "range",
      type,
      lower: 10,
      upper: 20,
      scope: TIPC_NODE_SCOPE,
    } as const;
    const service = open(AF_TIPC, SOCK_RDM, 0, { at: encodeAddress(range) });
    const sender = open(AF_TIPC, SOCK_RDM);
    await sender.sendmsg({
      data: "to a service",
      address: { family: "tipc", kind: "service", type, instance: 17 },
    });
    const message = await next(service);
    expect(message.data.toString()).toBe("to a service");
    expect(valueIn(message, "tipcDestName")).toEqual({ type, lower: 17, upper: 17 });
  });

  proves(["tipcErrInfo", "tipcRetData"], "receive", missing, async () => {
    const sender = open(AF_TIPC, SOCK_RDM);
    setsockopt(sender.fd, SOL_TIPC, TIPC_DEST_DROPPABLE, 0);
    // The name of a closed socket.
    const gone = open(AF_TIPC, SOCK_RDM);
    const address = gone.getsockname();
    await gone.close();
    await sender.sendmsg({ data: "come back", address });
    const message = await next(sender);
    expect(message.data).toHaveLength(0);
    expect(valueIn(message, "tipcErrInfo")).toEqual({ code: TIPC_ERR_NO_PORT, length: 9 });
    expect(Buffer.from(valueIn(message, "tipcRetData")).toString()).toBe("come back");
  });
});
