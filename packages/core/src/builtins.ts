import { createRequire } from "node:module";

// An import statement loads a module of Node's at start, and reads each of its exports: of node:fs and node:crypto some are getters
// that load streams and WebCrypto. Together that is a third of the time that importing this library takes. So what most programs
// never need is loaded by the first call that needs it.

/** Node has the function since 20.16. The path doesn't matter for modules of Node's. */
const load: (name: string) => never =
  (process as { getBuiltinModule?: (name: string) => never }).getBuiltinModule ??
  (createRequire("/") as never);

export const crypto = (): typeof import("node:crypto") => load("node:crypto");
export const dgram = (): typeof import("node:dgram") => load("node:dgram");
export const fs = (): typeof import("node:fs") => load("node:fs");
export const net = (): typeof import("node:net") => load("node:net");
export const os = (): typeof import("node:os") => load("node:os");
export const util = (): typeof import("node:util") => load("node:util");
export const v8 = (): typeof import("node:v8") => load("node:v8");
