import { createRequire } from "node:module";

// An import statement loads one of Node's modules at start, and reads each of its exports. In node:fs and node:crypto, some exports
// are getters that load streams and WebCrypto. Together this takes a third of the time of importing this library. So the first call
// that needs such a module loads it, and most programs never do.

/** Node has getBuiltinModule() since 20.16. require() ignores the path for Node's own modules. */
const load: (name: string) => never =
  (process as { getBuiltinModule?: (name: string) => never }).getBuiltinModule ??
  (createRequire("/") as never);

export const crypto = (): typeof import("node:crypto") => load("node:crypto");
export const dgram = (): typeof import("node:dgram") => load("node:dgram");
export const diagnosticsChannel = (): typeof import("node:diagnostics_channel") =>
  load("node:diagnostics_channel");
export const fs = (): typeof import("node:fs") => load("node:fs");
export const net = (): typeof import("node:net") => load("node:net");
export const os = (): typeof import("node:os") => load("node:os");
export const util = (): typeof import("node:util") => load("node:util");
export const v8 = (): typeof import("node:v8") => load("node:v8");
