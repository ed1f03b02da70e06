import { describe, expect, it, test } from "vitest";
import { EBADF, EMFILE } from "../../src/errno.js";
import { codedError, systemError } from "../../src/errors.js";
import { AcceptQueue, LATER } from "../../src/socket/accept-queue.js";
import { isSettled, rejection, thrown } from "../support/outcome.js";
import { turn } from "../support/waiting.js";

const shortage = () => systemError(EMFILE, "accept4");

class Connection {
  isClosed = false;
  constructor(readonly name: string) {}
  close(): void {
    this.isClosed = true;
  }
}

const refusal = () => codedError("ERR_SENDMSG_PEER_REFUSED", "refused");

type Outcome = string | Error | typeof LATER | undefined;

/** A queue whose accept() has these outcomes, one after the other. A function is called. */
function queueOf(...outcomes: (Outcome | (() => Outcome))[]) {
  const owner = {
    closed: false,
    open() {
      if (owner.closed) throw new Error("closed");
    },
    beginWait() {},
    endWait() {},
  };
  const queue = new AcceptQueue<Connection>(
    owner,
    () => {
      const next = outcomes.shift();
      const outcome = typeof next === "function" ? next() : next;
      return typeof outcome === "string" ? new Connection(outcome) : outcome;
    },
    true,
  );
  return Object.assign(queue, { owner });
}

const named = (name: string) => expect.objectContaining({ name, isClosed: false });

test("accept() waits while descriptors are short, reports each attempt, and tries again", async () => {
  const reported: string[] = [];
  const queue = queueOf(shortage(), shortage(), "connection");
  expect(await queue.accept({}, ({ message }) => reported.push(message))).toEqual(named("connection"));
  expect(reported).toEqual(["accept4 EMFILE", "accept4 EMFILE"]);
});

test("accept() rejects with any other error of the kernel", async () => {
  expect(await rejection(queueOf(systemError(EBADF, "accept4")).accept({}))).toMatchObject({ code: "EBADF" });
});

test("accept() rejects with an error that came after the kernel's accept, because that connection is lost", async () => {
  const queue = queueOf(() => {
    throw shortage();
  });
  expect(await rejection(queue.accept({}))).toMatchObject({ code: "EMFILE" });
});

test("tryAccept() throws if descriptors are short, and returns undefined while a call of accept() waits", async () => {
  const queue = queueOf(shortage(), undefined, "first", "second");
  expect(thrown(() => queue.tryAccept())).toMatchObject({ code: "EMFILE" });
  const waiting = queue.accept({});
  expect(queue.tryAccept()).toBeUndefined();
  queue.pump();
  expect(await waiting).toEqual(named("first"));
  expect(queue.tryAccept()).toEqual(named("second"));
});

test("close() rejects the calls that wait, except the first ones that it keeps", async () => {
  const queue = queueOf(shortage(), "connection");
  const [first, second] = [queue.accept({}), rejection(queue.accept({}))];
  queue.close(() => new Error("closed"), 1);
  expect((await second).message).toBe("closed");
  queue.pump();
  expect(await first).toEqual(named("connection"));
});

describe("a refused peer", () => {
  it("is reported, and accept() goes on to wait", async () => {
    const reported: string[] = [];
    const queue = queueOf(refusal(), refusal(), undefined, refusal(), "connection");
    const waiting = queue.accept({}, ({ message }) => reported.push(message));
    expect(await isSettled(waiting)).toBe(false);
    queue.pump();
    expect(await waiting).toEqual(named("connection"));
    expect(reported).toEqual(["refused", "refused", "refused"]);
  });

  it("is passed over by tryAccept()", () => {
    const queue = queueOf(refusal(), refusal(), "connection", refusal());
    expect(queue.tryAccept()).toEqual(named("connection"));
    expect(queue.tryAccept()).toBeUndefined();
  });

  it("counts like an accepted one, so a flood gives the event loop its turn", async () => {
    let refused = 0;
    let isOver = false;
    const queue = queueOf();
    const flooded = Object.assign(
      new AcceptQueue<Connection>(queue.owner, () => {
        if (isOver) return new Connection("after the flood");
        refused++;
        return refusal();
      }),
    );
    const waiting = flooded.accept({});
    const inOneTurn = refused;
    expect(inOneTurn).toBeLessThanOrEqual(129);
    while (refused < 1000) await turn();
    isOver = true;
    expect(await waiting).toEqual(named("after the flood"));
    isOver = false;
    refused = 0;
    expect(flooded.tryAccept()).toBeUndefined();
    expect(refused).toBeLessThanOrEqual(129);
  });

  it("whose onError aborts the call costs no connection", async () => {
    const queue = queueOf(undefined, refusal(), "connection");
    const controller = new AbortController();
    const aborted = rejection(queue.accept({ signal: controller.signal }, () => controller.abort()));
    queue.pump();
    expect((await aborted).name).toBe("AbortError");
    expect(queue.hasUnclaimed).toBe(true);
    expect(await queue.accept({})).toEqual(named("connection"));
    expect(queue.hasUnclaimed).toBe(false);
  });

  it("whose onError closes the listener ends the call", async () => {
    const queue = queueOf(refusal(), "connection");
    const onError = () => {
      queue.owner.closed = true;
    };
    expect((await rejection(queue.accept({}, onError))).message).toBe("closed");
  });
});

describe("a call that ends while its connection is accepted", () => {
  it("leaves the connection to the next call", async () => {
    const controller = new AbortController();
    const queue = queueOf(undefined, () => {
      controller.abort();
      return "connection";
    });
    const aborted = rejection(queue.accept({ signal: controller.signal }));
    const next = queue.accept({});
    queue.pump();
    expect((await aborted).name).toBe("AbortError");
    expect(await next).toEqual(named("connection"));
  });

  it("leaves it to close(), if no other call comes", async () => {
    const controller = new AbortController();
    const queue = queueOf(undefined, () => {
      controller.abort();
      return "connection";
    });
    const aborted = rejection(queue.accept({ signal: controller.signal }));
    queue.pump();
    await aborted;
    expect(queue.hasUnclaimed).toBe(true);
    queue.close(() => new Error("closed"), 0);
    expect(queue.hasUnclaimed).toBe(false);
  });

  it("because the listener was closed loses the connection, which is closed", async () => {
    const connections: Connection[] = [];
    const queue = queueOf();
    const closing = new AcceptQueue<Connection>(queue.owner, () => {
      if (connections.length > 0 || !isReady) return undefined;
      queue.owner.closed = true;
      closing.close(() => new Error("closed"), 0);
      connections.push(new Connection("connection"));
      return connections[0];
    });
    let isReady = false;
    const waiting = rejection(closing.accept({}));
    isReady = true;
    closing.pump();
    expect((await waiting).message).toBe("closed");
    expect(connections[0]!.isClosed).toBe(true);
  });
});

test("calls from within the attempt wait for their turn, and get the next connections", async () => {
  const inner: Promise<Connection>[] = [];
  const queue = queueOf(() => {
    expect(queue.tryAccept()).toBeUndefined();
    inner.push(queue.accept({}));
    return "first";
  }, "second");
  expect(await queue.accept({})).toEqual(named("first"));
  expect(await inner[0]).toEqual(named("second"));
});

test("accept() pauses while too many refused connections wait to be closed, and tryAccept() returns undefined", async () => {
  const queue = queueOf(LATER, LATER, LATER, "connection");
  expect(queue.tryAccept()).toBeUndefined();
  expect(await queue.accept({})).toEqual(named("connection"));
});
