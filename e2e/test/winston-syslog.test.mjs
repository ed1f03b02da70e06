// winston-syslog writes to Unix sockets with @sendmsg/unix-dgram in unix-dgram's place: with protocol "unix", each line is sent to the
// path; with "unix-connect", the socket is connected.
import { describe, expect, test } from "vitest";
import { projectWithUsersOfUnixDgram } from "./project.mjs";
import { nodes } from "./toolbox.mjs";

const own = process.versions.node.split(".")[0];

const matching = (pattern) => expect.stringMatching(pattern);
const line = (priority, text) =>
  matching(`^<${priority}>[A-Z][a-z]{2} [ \\d]\\d [\\d:]{8} localhost app\\[7\\]: ${text}$`);
const noFile = (call) => [matching(/ENOENT syslog\.sock: .*Start the server first/), "ENOENT", call];
const NO_SERVER = [
  matching(/^send ECONNREFUSED syslog\.sock: no program has this socket open/),
  "ECONNREFUSED",
  "send",
];

describe.each([
  ["unix", own],
  ["unix", 18],
  ["unix-connect", own],
  ["unix-connect", 18],
  ["unix-connect", 26],
])("protocol %s, Node %s", (protocol, major) => {
  const isConnected = protocol === "unix-connect";
  const run = async (program) => {
    const user = projectWithUsersOfUnixDgram({ node: nodes[major] });
    return JSON.parse(await user.run("node", `syslog-${program}.cjs`, protocol));
  };

  test("lines arrive, also after the server has started again, and the process ends after close()", async () => {
    expect(await run("lines")).toEqual({
      before: [line(134, "first"), line(131, "second")],
      after: [line(134, "after a restart")],
      errors: [],
      closed: 1,
    });
  });

  test("a line that finds no server is an error and stays in winston-syslog's queue; the next one arrives", async () => {
    expect(await run("away")).toEqual({
      noticed: [isConnected ? NO_SERVER : noFile("send")],
      later: [],
      arrived: ["back"],
      queued: ["away"],
    });
  });

  test("before the server's first start, a line is an error; lines arrive after the start", async () => {
    expect(await run("no-server")).toEqual({
      noticed: [noFile(isConnected ? "connect" : "send")],
      later: [],
      // winston-syslog sends its queue when it has connected.
      arrived: isConnected ? ["early", "later"] : ["later"],
    });
  });

  test("a line that does not fit is the error congestion; with unix-connect, it arrives when the server reads", async () => {
    expect(await run("congestion")).toEqual({
      errors: [["congestion", "EAGAIN", "send"]],
      wasQueued: true,
      arrivedInOrder: true,
    });
  });
});
