import { spawnSync } from "node:child_process";
import { expect } from "vitest";
import { closeSync } from "../support/files.mjs";
import { openFile } from "../support/owned-descriptors.js";
import { TYPES, withPair } from "../support/pairs.js";
import { exchange } from "./exchange.js";
import { firstOf, reportOf, run } from "./program.js";
import { requireProgram } from "./required.js";

// The system's Python: a version manager's shim takes longer than the test.
const python = firstOf("/usr/bin/python3") ?? "python3";
const probe = "import socket; socket.send_fds, socket.recv_fds";
const { status } = spawnSync(python, ["-c", probe]);
const withPython = requireProgram("needs Python 3.9 or newer (Debian: python3)", status === 0);

for (const type of TYPES) {
  withPython(`exchanges descriptors and credentials with Python, both ways, on a ${type} socket`, () =>
    exchange(type, python, "exchange.py", ["two descriptors", "explicit", "send_fds", "bytes"]),
  );
}

for (const type of TYPES) {
  withPython(`Python gets a descriptor from an end of our ${type} socketpair with recv_fds`, () =>
    withPair(type, async (ours, theirs) => {
      // Our end has received before, their end has not.
      ours.tryRecvmsg();
      const file = openFile("content");
      await ours.sendmsg({ data: "take this", fds: [file] });
      closeSync(file);
      const outcome = await run("receive-fds.py", { interpreter: python, inherited: theirs.fd });
      expect(reportOf(outcome)).toEqual({ data: "take this", contents: ["content"], cut: false });
    }),
  );
}
