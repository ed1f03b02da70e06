import { expect, test } from "vitest";
import { EBADF, EMFILE } from "../../src/errno.js";
import { systemError } from "../../src/errors.js";
import { AcceptQueue } from "../../src/socket/accept-queue.js";
import { rejection, thrown } from "../support/outcome.js";

const shortage = () => systemError(EMFILE, "accept4");

/** A queue whose accept() has these outcomes, one after the other. A function throws. */
function queueOf(...outcomes: (string | Error | (() => never) | undefined)[]) {
  const owner = { closed: false, open() {}, beginWait() {}, endWait() {} };
  return new AcceptQueue<string>(
    owner,
    () => {
      const outcome = outcomes.shift();
      return typeof outcome === "function" ? outcome() : outcome;
    },
    true,
  );
}

test("accept() waits while descriptors are short, reports each attempt, and tries again", async () => {
  const reported: string[] = [];
  const queue = queueOf(shortage(), shortage(), "connection");
  expect(await queue.accept({}, ({ message }) => reported.push(message))).toBe("connection");
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
  expect(await waiting).toBe("first");
  expect(queue.tryAccept()).toBe("second");
});

test("close() rejects the calls that wait, except the first ones that it keeps", async () => {
  const queue = queueOf(shortage(), "connection");
  const [first, second] = [queue.accept({}), rejection(queue.accept({}))];
  queue.close(() => new Error("closed"), 1);
  expect((await second).message).toBe("closed");
  queue.pump();
  expect(await first).toBe("connection");
});
