// Attacks victim.mjs as a peer can.
//
//   node attacker.mjs PLAN     (JSON: name, attack, and what the attack wants to know)
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { encodeAddress } from "sendmsg/address";
import { AF_UNIX, MSG_NOSIGNAL, MSG_OOB, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from "sendmsg/constants";
import { encodeControl } from "sendmsg/control";
import { bind, close, connect, getsockname, recvmsg, sendmmsg, sendmsg, socket } from "sendmsg/syscalls";
import { openSync } from "../../support/files.mjs";
import { beginning, end } from "./cues.mjs";
import { lingering } from "./lingering.mjs";

const TYPES = { stream: SOCK_STREAM, seqpacket: SOCK_SEQPACKET, dgram: SOCK_DGRAM };
/** The most descriptors of one message. */
const MANY = 253;
/** Errors after which a send is tried again: the kernel has no room, or too many descriptors are in flight. */
const LATER = ["EAGAIN", "ETOOMANYREFS"];

const plan = JSON.parse(process.argv[2]);
const { name, type = "stream", milliseconds = 0, connections = 1 } = plan;
const sent = { messages: 0, bytes: 0, fds: 0, refused: {} };

const abstract = (text) => encodeAddress({ family: "unix", abstract: text });
const rights = (fds) => encodeControl([{ name: "rights", value: fds }]);

function connected(to = name) {
  const fd = socket(AF_UNIX, TYPES[type]);
  connect(fd, abstract(to));
  return fd;
}

/** Sends one message if the kernel takes it now. */
function trySend(fd, data, fds = 0, options = {}) {
  try {
    sent.bytes += sendmsg(fd, data, { flags: MSG_NOSIGNAL, ...options });
    sent.messages++;
    sent.fds += fds;
    return true;
  } catch (error) {
    sent.refused[error.code] = (sent.refused[error.code] ?? 0) + 1;
    if (!LATER.includes(error.code)) throw error;
    return false;
  }
}

/** Sends one message, however long it takes. */
async function send(fd, ...message) {
  while (!trySend(fd, ...message)) await pause(1);
}

/** Sends the same message on all sockets, as fast as possible. */
async function flood(sockets, ...message) {
  const until = performance.now() + milliseconds;
  while (performance.now() < until) {
    const took = sockets.filter((fd) => trySend(fd, ...message));
    if (took.length === 0) await pause(1);
  }
}

const sockets = () => Array.from({ length: connections }, () => connected());

/** Each prepares its attack, and returns the function that is called when all begin. */
const attacks = {
  /** Sends messages with the most descriptors that fit. */
  async descriptors() {
    const to = sockets();
    const control = rights(new Array(MANY).fill(openSync("/dev/null")));
    return () => flood(to, "x", MANY, { control });
  },

  /** Sends messages of `bytes` without descriptors, as many in one call as there is room for, without a pause. */
  async tiny() {
    const to = sockets();
    const batch = new Array(256).fill({ data: "x".repeat(plan.bytes) });
    return () => {
      const until = performance.now() + milliseconds;
      while (performance.now() < until) {
        for (const fd of to) {
          try {
            sent.messages += sendmmsg(fd, batch, { flags: MSG_NOSIGNAL });
          } catch (error) {
            if (!LATER.includes(error.code)) throw error;
          }
        }
      }
    };
  },

  /**
   * The first messages keep all closing threads busy. The others use up all descriptors that the process may open. The last
   * descriptor of each message, which may no longer fit, hangs in close(2), too.
   */
  async lingering() {
    const to = sockets();
    const hanging = lingering(MANY).fds;
    const last = lingering(plan.messages).fds;
    const file = openSync("/dev/null");
    return async () => {
      const until = performance.now() + milliseconds;
      await send(to[0], "x", MANY, { control: rights(hanging) });
      for (const fd of hanging) close(fd);
      for (let i = 0; last.length > 0 && performance.now() < until; i++) {
        const control = rights([...new Array(MANY - 1).fill(file), last[0]]);
        if (trySend(to[i % connections], "x", MANY, { control })) close(last.shift());
        else await pause(1);
      }
    };
  },

  /** Sends one message with the most descriptors that fit, each of which hangs in close(2). */
  async full() {
    const [to] = sockets();
    const { fds } = lingering(MANY);
    return async () => {
      // The victim first opens files up to its limit.
      await pause(100);
      await send(to, "x", MANY, { control: rights(fds) });
      for (const fd of fds) close(fd);
    };
  },

  /** Sends out-of-band bytes with a descriptor each, among ordinary bytes. */
  async urgent() {
    const [to] = sockets();
    const { fds } = lingering(3);
    return async () => {
      for (const fd of fds) {
        await send(to, "before");
        await send(to, "!", 1, { control: rights([fd]), flags: MSG_OOB | MSG_NOSIGNAL });
        close(fd);
        await send(to, "after");
        await pause(20);
      }
    };
  },

  /** Answers with a descriptor, and ends before the answer is read. */
  async answer() {
    const fd = socket(AF_UNIX, SOCK_DGRAM, 0, { blocking: true });
    bind(fd, abstract(`${name}-peer`));
    const { fds } = lingering(MANY);
    return async () => {
      recvmsg(fd, [Buffer.alloc(16)], { timeout: 5000 });
      sendmsg(fd, "answer", { address: abstract(name), control: rights(fds) });
      sent.messages++;
      for (const one of fds) close(one);
      close(fd);
    };
  },

  /** Sends 400 descriptors a second that take some 15 ms each to close, because the other end of each connection closes late. */
  async slow() {
    const [to] = sockets();
    const LATE = 10;
    const FIN_WAIT1 = "04"; // include/net/tcp_states.h
    const peers = new Map();
    /** The ports of closing connections: proc_net_tcp.rst. */
    function closing() {
      return readFileSync("/proc/net/tcp", "latin1")
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .filter((fields) => fields[3] === FIN_WAIT1)
        .map((fields) => Number.parseInt(fields[1].split(":")[1], 16));
    }
    const watching = setInterval(() => {
      for (const port of closing()) {
        const peer = peers.get(port);
        if (peer === undefined) continue;
        peers.delete(port);
        setTimeout(() => close(peer), LATE);
      }
    }, 3);
    end.then(() => clearInterval(watching));
    return async () => {
      const from = performance.now();
      let passed = 0;
      while (passed < milliseconds) {
        for (; sent.fds < passed * 0.4; ) {
          const { fds, peers: others } = lingering(1, 1);
          const address = getsockname(fds[0]);
          peers.set(address[2] * 256 + address[3], others[0]);
          const took = trySend(to, "x", 1, { control: rights(fds) });
          for (const fd of fds) close(fd);
          if (!took) break;
        }
        await pause(2);
        passed = performance.now() - from;
      }
    };
  },

  /** Shares the victim's listener (number 3), makes it blocking again and again, and for 20 of 40 ms accepts its connections. */
  async thief() {
    const source = `
      use Fcntl; use Socket; use Time::HiRes "time"; alarm 60;
      open(L, "+<&=", 3) or die "open: $!";
      for (;;) {
        fcntl(L, F_SETFL, fcntl(L, F_GETFL, 0) & ~O_NONBLOCK) or die "fcntl: $!";
        my $ready = ""; vec($ready, 3, 1) = 1;
        accept(C, L) && close(C) if select($ready, undef, undef, 0.001) > 0 && int(time() * 50) % 2;
      }`;
    const thief = spawn("perl", ["-e", source], { stdio: ["ignore", "ignore", "inherit", 3] });
    await once(thief, "spawn");
    end.then(() => thief.kill("SIGKILL"));
    return async () => {
      // Goes on to the end, because the next connection ends a victim's accept(2).
      const connecting = setInterval(() => {
        try {
          close(connected());
          sent.messages++;
        } catch {}
      }, 30);
      end.then(() => clearInterval(connecting));
      await pause(milliseconds);
    };
  },

  /** The descriptor of a FUSE file whose daemon never answers poll(2). */
  async unanswered() {
    const [to] = sockets();
    const daemon = spawn(plan.python, [fileURLToPath(new URL("fuse.py", import.meta.url)), plan.directory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    end.then(() => daemon.kill("SIGKILL"));
    await once(daemon.stdout, "data");
    // The mount exists only in the daemon's namespace.
    const file = openSync(`/proc/${daemon.pid}/root${plan.directory}/file`);
    return async () => {
      await send(to, "x", 1, { control: rights([file]) });
      close(file);
    };
  },
};

const act = await attacks[plan.attack]();
await beginning();
let failure;
try {
  await act();
} catch (error) {
  failure = error.code ?? error.message;
}
console.log(JSON.stringify({ ...sent, failure }));
await end;
process.exit();
