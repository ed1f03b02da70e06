import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { Layout } from "../../src/control/index.js";
import { compilerMissing, runC } from "../support/c-compiler.js";

const directory = new URL("../../src/constants/", import.meta.url);

/** The headers with the numbers of each file. For the last four files, only the kernel itself has headers. */
const HEADERS: Record<string, readonly string[]> = {
  "address-families": ["sys/socket.h"],
  "socket-types": ["sys/socket.h"],
  "message-flags": ["sys/socket.h"],
  shutdown: ["sys/socket.h"],
  levels: ["sys/socket.h", "netinet/in.h"],
  protocols: ["linux/in.h", "linux/in6.h"],
  bpf: ["linux/filter.h"],
  socket: ["sys/socket.h", "asm/socket.h", "linux/socket.h"],
  timestamping: ["linux/net_tstamp.h"],
  clocks: ["linux/time.h"],
  errqueue: ["time.h", "linux/types.h", "linux/errqueue.h"],
  ip: ["linux/icmp.h", "linux/netfilter_ipv4.h", "linux/in.h"],
  ipv6: ["linux/icmpv6.h", "linux/netfilter_ipv6/ip6_tables.h", "linux/in6.h"],
  tcp: ["linux/tcp.h"],
  udp: ["linux/udp.h"],
  netlink: ["linux/netlink.h"],
  packet: ["linux/if_packet.h"],
  tls: ["linux/tls.h"],
  alg: ["linux/if_alg.h"],
  sctp: ["stdint.h", "sys/socket.h", "linux/sctp.h"],
  rds: ["linux/rds.h"],
  vsock: ["sys/socket.h", "linux/vm_sockets.h"],
  can: ["linux/can/raw.h", "linux/can/j1939.h", "linux/can/isotp.h", "linux/can/error.h", "linux/can.h"],
  llc: ["net/if.h", "linux/llc.h"],
  tipc: ["linux/tipc.h"],
  rxrpc: ["linux/rxrpc.h"],
  bluetooth: [],
  ieee802154: [],
  iucv: [],
  misdn: [],
};

/** Constants that the headers of Linux 6.1 lack (the oldest here), or that only the kernel's own headers have. */
const NOT_IN_HEADERS =
  /^(SO_(PASSPIDFD|PEERPIDFD|DEVMEM_\w+|RCVPRIORITY|PASSRIGHTS|INQ)|SCM_(CREDENTIALS|SECURITY|PIDFD|TS_OPT_ID|INQ|MAX_FD)|MSG_(SOCK_DEVMEM|NOTIFICATION)|SOF_TIMESTAMPING_(OPT_ID_TCP|OPT_RX_FILTER|TX_COMPLETION)|RXRPC_(OOB_ID|CHALLENGED|RESPOND|RESPONDED|RESP_RXGK_APPDATA)|SOL_(TCP|UDP|SCTP|UDPLITE|HCI|IEEE802154|MISDN|L2CAP|SCO|RFCOMM|CAN_\w+|VSOCK|MPTCP|MCTP|SMC)|AF_MCTP|TCP_(CM_INQ|IS_MPTCP|RTO_MAX_MS|RTO_MIN_US|DELACK_MAX_US|NLA_REHASH)|CAN_RAW_XL_VCID_OPTS|VSOCK_RECVERR|IP_(LOCAL_PORT_RANGE|PROTOCOL)|PACKET_\w+|IPPROTO_\w+|SCM_TSTAMP_COMPLETION|TLS_TX_MAX_PAYLOAD_LEN)$/;

interface Constant {
  name: string;
  value: number;
}

async function constantsIn(file: string): Promise<Constant[]> {
  const module: Record<string, number> = await import(new URL(`${file}.js`, directory).pathname);
  return Object.entries(module).map(([name, value]) => ({ name, value }));
}

/** A C function that prints the values that the headers give to a file's constants. */
function printer(file: string, names: readonly string[]): string {
  const includes = HEADERS[file]!.map((header) => `#include <${header}>\n`).join("");
  const lines = names.map((name) => `  printf("${file} ${name} %lld\\n", (long long)(${name}));\n`).join("");
  return `#define _GNU_SOURCE\n#include <stdio.h>\n${includes}void print_${file.replaceAll("-", "_")}(void) {\n${lines}}\n`;
}

/** The values that the headers give to all constants, by file and name. Constants that they lack are missing. */
async function valuesInC(layout: Layout): Promise<Map<string, number>> {
  const known = new Map<string, string[]>();
  for (const file of comparable)
    known.set(
      file,
      (await constantsIn(file)).map(({ name }) => name),
    );
  const calls = comparable.map((file) => `print_${file.replaceAll("-", "_")}();`).join(" ");
  const sources = () => ({
    ...Object.fromEntries([...known].map(([file, names]) => [file, printer(file, names)])),
    main: `int main(void) { ${calls} return 0; }\n`,
  });
  const withoutUndeclared = (error: Error) => {
    const undeclared = [...error.message.matchAll(/^([\w-]+)\.c:.*[‘'](\w+)[’'] undeclared/gm)];
    if (undeclared.length === 0) throw error;
    for (const [, file, name] of undeclared)
      known.set(
        file!,
        known.get(file!)!.filter((each) => each !== name),
      );
    return sources();
  };
  const values = runC(sources(), layout, withoutUndeclared).map((line) => line.split(" "));
  return new Map(values.map(([file, name, value]) => [`${file} ${name}`, Number(value)]));
}

const files = readdirSync(directory)
  .map((file) => file.replace(/\.ts$/, ""))
  .filter((file) => file !== "index");
/** The files whose numbers are in headers. */
const comparable = files.filter((file) => (HEADERS[file]?.length ?? 0) > 0);

describe("constants", () => {
  test("every file of constants has its headers listed here", () => {
    expect(files.sort()).toEqual(Object.keys(HEADERS).sort());
  });

  test("the index re-exports every file", () => {
    const index = readFileSync(new URL("index.ts", directory), "utf8");
    for (const file of files) expect(index).toContain(`"./${file}.js"`);
  });

  for (const layout of ["64", "32"] as const satisfies readonly Layout[]) {
    const missing = compilerMissing(layout);
    let values: Promise<Map<string, number>>;
    beforeAll(() => {
      if (missing === undefined) values = valuesInC(layout);
    });
    for (const file of comparable) {
      test.skipIf(missing !== undefined)(
        `${file}: as ${HEADERS[file]!.at(-1)} has them for ${layout}-bit programs${missing ? ` (skipped: ${missing})` : ""}`,
        async () => {
          const inC = await values;
          for (const { name, value } of await constantsIn(file)) {
            const expected = inC.get(`${file} ${name}`);
            if (expected === undefined) {
              expect(name).toMatch(NOT_IN_HEADERS);
              continue;
            }
            // MSG_CMSG_CLOEXEC and some others are ints in C, and negative there.
            expect(`${name} ${value >>> 0}`).toBe(`${name} ${expected >>> 0}`);
          }
        },
      );
    }
  }
});
