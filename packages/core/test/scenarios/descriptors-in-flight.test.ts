import { beforeAll, describe, expect } from "vitest";
import { run } from "../support/children.js";
import { compiled } from "../support/compiled.js";
import { canBeNobody, letOthersRead, NOBODY } from "../support/nobody.js";
import { skipUnless } from "../support/skip-unless.js";
import { isRoot } from "../support/target.js";

let dist: string;

beforeAll(async () => {
  dist = await compiled();
});

/** RLIMIT_NOFILE of the child process. Node needs some 100 descriptors to load its modules. */
const LIMIT = 300;

describe("a send of too many descriptors in flight", () => {
  skipUnless("root is exempt, and another user cannot read the library here", !isRoot || canBeNobody())(
    "rejects at once, although epoll reports that the socket is writable",
    () => {
      letOthersRead(dist);
      const output = run(
        dist,
        `const [a, b] = lib.socketpair("seqpacket", { maxFds: 0 });
        let sent = 0;
        try {
          for (; sent < 1000; sent++) await a.sendmsg({ fds: new Array(100).fill(0) });
        } catch (error) {
          console.log(error.code, error.syscall, error.bytesSent, sent > 0);
          console.log(error.message);
        }
        // Received descriptors are no longer in flight.
        for (let i = 0; i < sent; i++) await b.recvmsg();
        console.log((await a.sendmsg({ data: "x", fds: [0] })).bytes);
        await Promise.all([a.close(), b.close()]);`,
        { descriptors: LIMIT, ...(isRoot ? { uid: NOBODY } : {}) },
      );
      expect(output.split("\n")).toEqual([
        "ETOOMANYREFS sendmsg 0 true",
        "sendmsg ETOOMANYREFS: too many descriptors that this user has sent wait to be received: the limit is " +
          `${LIMIT}. Send again when the receivers have read, or raise the limit (ulimit -n)`,
        "1",
      ]);
    },
  );
});
