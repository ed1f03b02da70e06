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

/** The library. `npm run bench -- --against FOLDER` also runs this contender with another checkout's library. */
const ours = (...args) => ({ ...node("sendmsg.mjs", ...args), isLibrary: true });

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
  const program = join(folder, name);
  try {
    execFileSync(process.env.CC ?? "cc", ["-O2", "-o", program, here(`contenders/${name}.c`)], {
      stdio: "pipe",
    });
    return (task) => ({ command: [program, task] });
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

/** The library in other runtimes. Their ratios to C must stay below a limit. The toolbox has these runtimes only for x64. */
function otherRuntimes() {
  if (arch() !== "x64") {
    console.log(
      `without Bun and Deno: the toolbox (e2e/package.json) has them for x64, and this is ${arch()}`,
    );
    return { inBun: () => undefined, inDeno: () => undefined };
  }
  const within = (runtime) => (task, limit) => ({
    command: [...runtime, here("contenders/sendmsg.mjs"), task],
    limit,
  });
  return { inBun: within([bun()]), inDeno: within([deno(), "run", "--allow-all"]) };
}

const TEN_THOUSAND = 10_000;

/** All subjects. Compiled programs are put into `folder`. */
export function subjects(folder) {
  const c = compiled("unix", folder);
  const python = interpreted("unix");
  const { inBun, inDeno } = otherRuntimes();
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
