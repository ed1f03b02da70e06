import { spawnSync } from "node:child_process";
import { TYPES } from "../support/pairs.js";
import { exchange } from "./exchange.js";
import { firstOf } from "./program.js";
import { requireProgram } from "./required.js";

const perl = firstOf("/usr/bin/perl") ?? "perl";
const { status } = spawnSync(perl, ["-MSocket::MsgHdr", "-e", ""]);
const withPerl = requireProgram("needs Perl's Socket::MsgHdr (Debian: libsocket-msghdr-perl)", status === 0);

for (const type of TYPES) {
  withPerl(
    `exchanges descriptors and credentials with Perl's Socket::MsgHdr, both ways, on a ${type} socket`,
    () => exchange(type, perl, "exchange.pl", ["two descriptors", "explicit", "many", "bytes"]),
  );
}
