// hot-shots does over Unix sockets what its README says, with @sendmsg/unix-dgram in unix-dgram's place.
import { describe, expect, test } from "vitest";
import { projectWithUsersOfUnixDgram } from "./project.mjs";
import { nodes } from "./toolbox.mjs";

const own = process.versions.node.split(".")[0];

/**
 * Versions differ in how they handle errors. hot-shots 8 has no retries. hot-shots 8 and 13 compare `error.code` with numbers, 15 with
 * names, 17 with both. So 15 and 17 try to make a new socket after an error, and 8 and 13 do not.
 */
const VERSIONS = [
  ["hot-shots-8", own],
  ["hot-shots-13", own],
  ["hot-shots-15", own],
  ["hot-shots-17", own],
  ["hot-shots-17", 18],
  ["hot-shots-17", 26],
];

const matching = (pattern) => expect.stringMatching(pattern);
const NO_SERVER = [matching(/^connect ENOENT dsd\.sock: .*Start the server first/), "ENOENT", "connect"];
const NO_SOCKET = ["Socket not created properly. Check previous errors for details.", null, null];
const NOT_REPLACED = ["Could not replace uds connection with new socket", null, null];
const notSent = (code) => [
  matching(
    `^Error sending hot-shots message: Error: send ${code} dsd\\.sock: no program has this socket open`,
  ),
  code,
  null, // hot-shots makes an error of its own, and copies only the code.
];

describe.each(VERSIONS)("%s on Node %s", (name, major) => {
  const run = async (program, ...args) => {
    const user = projectWithUsersOfUnixDgram({ node: nodes[major] });
    return JSON.parse(await user.run("node", `hot-shots-${program}.cjs`, name, ...args));
  };
  const hasRetries = name !== "hot-shots-8";
  const makesNewSockets = ["hot-shots-15", "hot-shots-17"].includes(name);

  test("metrics of each kind arrive, one by one and together", async () => {
    expect(await run("metrics")).toEqual({
      called: ["sent"],
      one: [
        "visits:1|c",
        "places:-2|c",
        "heat:21.5|g",
        "wait:3|ms",
        "users:anna|s",
        "size:7|h",
        "weight:8|d",
        "_e{5,9}:start|it begins",
        "_sc|disk|1",
        "tagged:1|c|#colour:red",
      ],
      buffered: [matching(/^a:1\|c\nb:2\|g\n?$/)],
      errors: [],
    });
  });

  test.runIf(hasRetries)(
    "metrics wait while the server does not read, and arrive when it reads",
    async () => {
      expect(await run("congestion", 1000)).toEqual({ someWaited: true, lost: 0, arrived: 30, errors: [] });
    },
  );

  test("without retries, the callback gets the error congestion, and later metrics arrive", async () => {
    const { lost, arrived, ...rest } = await run("congestion", 0);
    expect(rest).toEqual({
      someWaited: true,
      errors: [{ text: "Error sending hot-shots message: Error: congestion", code: "EAGAIN" }],
    });
    expect([lost > 0, lost + arrived]).toEqual([true, 30]);
  });

  test.each([
    ["hot-shots may not make a new socket yet", { udsGracefulRestartRateLimit: 1_000_000 }],
    ["udsGracefulErrorHandling is off", { udsGracefulErrorHandling: false }],
  ])("if the server starts again, metrics arrive and there is no error; %s", async (_, options) => {
    expect(await run("restart", JSON.stringify(options))).toEqual({
      unnoticed: [],
      noticed: [notSent("ECONNREFUSED"), notSent("ENOTCONN")],
      later: [],
      arrived: ["back:1|c", "as before:1|c"],
    });
  });

  test("hot-shots also says if it cannot make a new socket; metrics arrive when the server is back", async () => {
    const attempt = makesNewSockets ? [NO_SERVER, NOT_REPLACED] : [];
    expect(await run("restart", JSON.stringify({ udsGracefulRestartRateLimit: 1 }))).toEqual({
      unnoticed: [],
      noticed: [...attempt, notSent("ECONNREFUSED"), ...attempt, notSent("ENOTCONN")],
      later: [],
      arrived: ["back:1|c", "as before:1|c"],
    });
  });

  test("close() sends what is buffered, calls back once, closes the descriptor, and the process ends", async () => {
    expect(await run("close")).toEqual({ calls: [[null]], arrived: [matching(/^last:1\|c\n?$/)] });
  });

  test("without a server, errorHandler gets what connect() reports, and metrics arrive after the server's start", async () => {
    expect(await run("no-server")).toEqual({
      made: [NO_SERVER],
      sent: [NO_SERVER, NO_SOCKET],
      remade: [NO_SOCKET],
      later: [],
      arrived: ["arrives:1|c"],
    });
  });
});
