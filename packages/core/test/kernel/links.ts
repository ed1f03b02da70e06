import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { atEnd } from "../support/closing.js";
import { firstOf, root } from "./missing.js";
import { hasTool, namespaces } from "./namespace.js";
import type { Missing } from "./proves.js";

let last = 0;

/** Runs ip(8) in this network namespace. */
export const ip = (command: string): string =>
  execFileSync("ip", command.split(" "), { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** Makes a network interface of this kind, until the test ends. Returns its name. */
export function link(kind: string, ...more: string[]): string {
  const name = `snd${process.pid % 100_000}x${++last}`;
  ip(["link add", name, "type", kind, ...more].join(" "));
  atEnd(() => ip(`link del ${name}`));
  ip(`link set ${name} up`);
  return name;
}

/** The reason if this process can't make interfaces of this kind: they need root and a kernel module. */
export function links(kind: string): Missing {
  const missing = firstOf(root(), hasTool("ip"));
  if (missing !== undefined) return missing;
  const name = `probe${process.pid % 100_000}`;
  try {
    ip(`link add ${name} type ${kind}`);
  } catch {
    return `this kernel has no ${kind} interfaces`;
  }
  ip(`link del ${name}`);
  return undefined;
}

/** The reason if the kernel lacks a queueing discipline: "fq", or "etf" with its parameters. See tc(8). */
export function discipline(queueing: string): Missing {
  const missing = firstOf(namespaces(), hasTool("tc"), links("veth"));
  if (missing !== undefined) return missing;
  const name = `probe${process.pid % 100_000}`;
  ip(`link add ${name} type veth`);
  try {
    execFileSync("tc", `qdisc add dev ${name} root ${queueing}`.split(" "), { stdio: "ignore" });
    return undefined;
  } catch {
    return `this kernel has no ${queueing.split(" ", 1)[0]}`;
  } finally {
    ip(`link del ${name}`);
  }
}

/** A file of /sys about an interface. */
const ofInterface = (name: string, file: string): string =>
  readFileSync(`/sys/class/net/${name}/${file}`, "latin1").trim();

export const indexOf = (name: string): number => Number(ofInterface(name, "ifindex"));
export const macOf = (name: string): string => ofInterface(name, "address");
