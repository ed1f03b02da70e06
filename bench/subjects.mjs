// What is measured, and with which contenders. The others are compared with the first contender of a subject.
//
// A contender prints what it has measured: the nanoseconds for one operation, or what `measures` says.
import { execFileSync } from "node:child_process";
import { arch } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bun, deno } from "../tools/toolbox.mjs";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

const node = (file, ...args) => ({ command: [process.execPath, here(`contenders/${file}`), ...args] });

/** A program of the library. `npm run bench -- --against FOLDER` also runs this contender with another checkout's library. */
const program = (file, ...args) => ({ ...node(file, ...args), isLibrary: true });

const ours = (...args) => program("sendmsg.mjs", ...args);
const oursUdp = (...args) => program("udp.mjs", ...args);

/** How many files a process may have open. */
function mostFiles() {
  const limit = execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim();
  return limit === "unlimited" ? Number.POSITIVE_INFINITY : Number(limit);
}

/** The contender under a limit of open files. If the system does not permit as many, prints that and returns undefined. */
function withFiles(files, contender) {
  if (mostFiles() < files) {
    console.log(`without a contender that needs ${files} open files: "ulimit -Hn" says ${mostFiles()}`);
    return undefined;
  }
  const command = ["sh", "-c", `ulimit -n ${files} && exec "$@"`, "sh", ...contender.command];
  return { ...contender, command };
}

/** Builds a C contender. If there is no compiler, prints that and returns undefined. */
function compiled(name, folder) {
  const file = join(folder, name);
  try {
    execFileSync(process.env.CC ?? "cc", ["-O2", "-o", file, here(`contenders/${name}.c`)], {
      stdio: "pipe",
    });
    return (task) => ({ command: [file, task] });
  } catch (error) {
    console.log(`without ${name}.c: ${error.message.split("\n")[0]}`);
    return () => undefined;
  }
}

function interpreted(name) {
  try {
    execFileSync("python3", ["--version"], { stdio: "pipe" });
    return (task) => ({ command: ["python3", here(`contenders/${name}.py`), task] });
  } catch {
    console.log(`without ${name}.py: no python3`);
    return () => undefined;
  }
}

/** The library in other runtimes. Their ratios to the first contender must stay below a limit. The toolbox has them only for x64. */
function otherRuntimes() {
  if (arch() !== "x64") {
    console.log(
      `without Bun and Deno: the toolbox (e2e/package.json) has them for x64, and this is ${arch()}`,
    );
    return { inBun: () => undefined, inDeno: () => undefined };
  }
  const within =
    (runtime) =>
    (task, limit, file = "sendmsg.mjs") => ({
      command: [...runtime, here(`contenders/${file}`), task],
      limit,
    });
  return { inBun: within([bun()]), inDeno: within([deno(), "run", "--allow-all"]) };
}

const TIMES = ["time", "processor time"];

/** Subjects in which UDP datagrams of 1200 bytes go over the loopback interface, many at a time. `limits`: for Bun and for Deno. */
function udpBatches(folder, { inBun, inDeno }) {
  const c = compiled("udp", folder);
  const batch = (slots, ...limits) => ({
    name: `batch-${slots}`,
    title: `UDP datagrams of 1200 bytes, sent and received in batches of ${slots}`,
    measures: TIMES,
    contenders: {
      "C, sendmmsg and recvmmsg": c(`batch-${slots}`),
      "sendmsg, try": oursUdp(`batch-${slots}`),
      "sendmsg, await": oursUdp(`batch-${slots}-await`),
      "sendmsg in Bun, await": inBun(`batch-${slots}-await`, limits[0], "udp.mjs"),
      "sendmsg in Deno, await": inDeno(`batch-${slots}-await`, limits[1], "udp.mjs"),
      "node:dgram": node("dgram.mjs", `batch-${slots}`),
    },
  });
  const sending = (each) => ({
    name: `offload-${each}`,
    title: `${each} UDP datagram${each === 1 ? "" : "s"} of 1200 bytes sent to one destination, with and without offload`,
    measures: TIMES,
    contenders: {
      "sendmsg, plain": oursUdp(`send-${each}`),
      "sendmsg, offload": oursUdp(`send-${each}-offload`),
    },
  });
  return [
    batch(1, 15, 15),
    batch(8, 10, 10),
    batch(64, 6, 6),
    batch(256, 6, 6),
    {
      name: "offload",
      title: "UDP datagrams of 1200 bytes, 48 at a time, with GSO and GRO",
      measures: TIMES,
      contenders: {
        "C, UDP_SEGMENT and UDP_GRO": c("offload"),
        "sendmsg, at once, received into batches": oursUdp("offload-try"),
        "sendmsg, await, received into batches": oursUdp("offload"),
        "sendmsg, await, received into messages": oursUdp("offload-messages"),
        "sendmsg in Bun, await": inBun("offload", 15, "udp.mjs"),
        "sendmsg in Deno, await": inDeno("offload", 15, "udp.mjs"),
        "node:dgram": node("dgram.mjs", "offload"),
      },
    },
    ...[1, 2, 4, 8, 15].map(sending),
  ];
}

const TEN_THOUSAND = 10_000;

/** All subjects. Compiled programs are put into `folder`. */
export function subjects(folder) {
  const c = compiled("unix", folder);
  const python = interpreted("unix");
  const runtimes = otherRuntimes();
  const { inBun, inDeno } = runtimes;
  return [
    {
      name: "datagram",
      title: "64 bytes sent and received over Unix datagram sockets",
      contenders: {
        C: c("datagram"),
        "sendmsg/syscalls": ours("syscalls-datagram"),
        Python: python("datagram"),
      },
    },
    {
      name: "descriptor",
      title: "one descriptor sent, received and closed",
      contenders: {
        C: c("descriptor"),
        "sendmsg/syscalls": ours("syscalls-descriptor"),
        "sendmsg, await": ours("descriptor"),
        "sendmsg in Bun, await": inBun("descriptor", 10),
        "sendmsg in Deno, await": inDeno("descriptor", 10),
        Python: python("descriptor"),
      },
    },
    {
      name: "roundtrip",
      title: "64 bytes there and back over a Unix stream, two ends on one event loop",
      contenders: {
        "node:net": node("net.mjs", "roundtrip"),
        sendmsg: ours("roundtrip"),
        "C, epoll": c("roundtrip"),
      },
    },
    {
      name: "roundtrip-elsewhere",
      title: "the same in other runtimes",
      contenders: {
        "C, epoll": c("roundtrip"),
        "sendmsg in Bun": inBun("roundtrip", 15),
        "sendmsg in Deno": inDeno("roundtrip", 12),
      },
    },
    {
      name: "processes",
      title: "64 bytes there and back over a Unix stream, between two processes",
      measures: ["time", "processor time of both"],
      contenders: {
        "node:net": node("net.mjs", "processes"),
        sendmsg: ours("processes"),
        "C, epoll": c("processes"),
      },
    },
    ...["addressed", "connected"].map((how) => ({
      name: `udp-${how}`,
      title: `UDP datagrams of 1200 bytes, one at a time, \`for await\`, ${how} sockets`,
      contenders: {
        "node:dgram": node("dgram.mjs", `udp-${how}`),
        sendmsg: ours(`udp-${how}`),
        "C, epoll": c(`udp-${how}`),
      },
    })),
    ...udpBatches(folder, runtimes),
    {
      name: "crowd",
      title: "a round trip beside 10,000 sockets that wait",
      contenders: {
        "sendmsg, alone": ours("roundtrip"),
        "sendmsg, beside 10,000": withFiles(2 * TEN_THOUSAND, ours("crowd", TEN_THOUSAND)),
      },
    },
    {
      name: "many",
      title: "a message with 100 descriptors, received and closed",
      contenders: {
        "sendmsg, empty heap": ours("many", 0, 1000),
        "sendmsg, 300 MB of live heap": ours("many", 300, 1000),
      },
    },
    {
      name: "start",
      title: "starting a process that does nothing else",
      contenders: {
        "Node alone": node("start.mjs"),
        'import "node:net"': node("start.mjs", "node:net"),
        'import "sendmsg/syscalls"': { ...node("start.mjs", "sendmsg/syscalls"), isLibrary: true },
        'import "sendmsg"': { ...node("start.mjs", "sendmsg"), isLibrary: true },
      },
    },
    {
      name: "open",
      title: "opening a socket, 2,000 of them",
      contenders: {
        "sendmsg, empty heap": withFiles(4096, ours("open", 0)),
        "sendmsg, 300 MB of live heap": withFiles(4096, ours("open", 300)),
      },
    },
    {
      name: "decode",
      title: "control data with credentials and one descriptor decoded",
      contenders: { "C, CMSG_NXTHDR": c("decode"), "sendmsg/control": ours("decode") },
    },
    {
      name: "encode",
      title: "control data with one descriptor encoded",
      contenders: { "C, CMSG_DATA": c("encode"), "sendmsg/control": ours("encode") },
    },
    {
      name: "memory",
      title: "what ten million messages leave behind, every 16th with a descriptor",
      measures: ["MB", "descriptors"],
      once: true,
      contenders: { sendmsg: ours("memory", 10_000_000) },
    },
  ];
}
