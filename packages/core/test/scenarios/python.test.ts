import { spawnSync } from "node:child_process";
import { TYPES } from "../pairs.js";
import { exchange } from "./exchange.js";
import { firstOf } from "./program.js";
import { requireProgram } from "./required.js";

// The system's own: a version manager's shim in front of it costs more than the test.
const python = firstOf("/usr/bin/python3") ?? "python3";
const probe = "import socket; socket.send_fds, socket.recv_fds";
const { status } = spawnSync(python, ["-c", probe]);
const withPython = requireProgram("needs Python 3.9 or newer (Debian: python3)", status === 0);

for (const type of TYPES) {
  withPython(`exchanges descriptors and credentials with Python, both ways, on a ${type} socket`, () =>
    exchange(type, python, "exchange.py", ["two descriptors", "explicit", "send_fds", "bytes"]),
  );
}
