import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const sources = new URL("../src/", import.meta.url);

/** What every layer may import. These files import one another at most. */
const BASE = [
  "arguments",
  "buffer-view",
  "builtins",
  "channels",
  "debug-log",
  "inspecting",
  "origin",
  "timers",
  "construct",
  "errno",
  "errors",
  "kernel-version",
  "known-keys",
  "late-registry",
  "named-constant",
  "nearest-name",
  "once",
  "runtime",
  "unshared",
];

/** The folders and files of src, from the bottom to the top, and what each may import besides BASE. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  constants: [],
  wire: ["constants"],
  address: ["constants", "wire"],
  control: ["constants", "wire", "address"],
  options: ["constants", "wire", "address"],
  native: [],
  tracing: ["constants", "wire", "address", "control", "options", "native"],
  syscalls: ["constants", "wire", "native"],
  reasons: ["constants", "wire", "address", "control", "native", "syscalls", "socket-file"],
  forgotten: ["native"],
  descriptor: ["native", "forgotten", "reasons"],
  message: ["constants", "address", "control", "descriptor", "interop"],
  "reuse-port": ["constants"],
  "ip-packet": ["constants", "wire", "address", "control"],
  "socket-file": ["constants", "wire", "native"],
  interop: ["constants", "native", "descriptor", "socket-file", "reasons"],
  socket: [
    ...["constants", "wire", "address", "control", "options", "native", "syscalls"],
    ...["forgotten", "descriptor", "message", "socket-file", "interop", "reasons"],
  ],
  "socket.ts": [
    ...["constants", "wire", "address", "control", "options", "native", "syscalls"],
    ...["descriptor", "message", "socket-file", "interop", "reasons", "socket"],
  ],
  "unix-datagram": [
    ...["constants", "address", "control", "native", "syscalls"],
    ...["descriptor", "interop", "reasons", "socket"],
  ],
  timestamps: [...["constants", "wire", "control", "native", "syscalls", "message", "socket", "socket.ts"]],
  framing: ["constants", "control", "descriptor", "message", "socket", "socket.ts"],
};

const ABOVE_ALL = ["index", "listener", "socketpair", "testing", "udp", "cli"];

const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".ts"),
);

/** The layer of a file: its folder, or its own name. socket.ts is a layer above the folder socket. */
function layerOf(file: string): string {
  const [first, ...rest] = file.split("/");
  if (rest.length > 0) return first!;
  return first === "socket.ts" ? first : first!.replace(/\.ts$/, "");
}

/** What a file imports. `type`: only for its types. */
function importsOf(file: string): { path: string; type: boolean }[] {
  const url = new URL(file, sources);
  const text = readFileSync(fileURLToPath(url), "utf8");
  return [...text.matchAll(/^(?:import|export) (type )?[^;]*?from "([^"]+)";/gm)].map(
    ([, type, specifier]) => ({
      path: specifier!.startsWith(".")
        ? new URL(specifier!.replace(/\.js$/, ".ts"), url).href.slice(sources.href.length)
        : specifier!,
      type: type !== undefined,
    }),
  );
}

describe("layers point one way", () => {
  test("every file of src belongs to a layer", () => {
    const known = new Set([...BASE, ...Object.keys(LAYERS), ...ABOVE_ALL]);
    expect(files.filter((file) => !known.has(layerOf(file)))).toEqual([]);
  });

  test.each([...BASE, ...Object.keys(LAYERS)])("%s imports only what is below it", (layer) => {
    const own = files.filter((file) => layerOf(file) === layer);
    expect(own).not.toEqual([]);
    const allowed = new Set([layer, ...BASE, ...(LAYERS[layer] ?? [])]);
    const wrong = own.flatMap((file) =>
      importsOf(file)
        .filter(({ path }) => path.endsWith(".ts") && !allowed.has(layerOf(path)))
        .map(({ path }) => `${file} imports ${path}`),
    );
    expect(wrong).toEqual([]);
  });
});

/** All files that a file loads, including itself, and modules of Node's. A type import loads nothing. */
function loadedBy(entry: string): string[] {
  const seen = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (file.endsWith(".ts"))
      waiting.push(...importsOf(file).flatMap(({ path, type }) => (type ? [] : path)));
  }
  return [...seen];
}

describe("the codecs load no native code", () => {
  const codecs = ["constants", "wire", "address", "control", "options", ...BASE];

  test.each(["constants", "address", "control", "options"])("sendmsg/%s", (name) => {
    const loaded = loadedBy(`${name}/index.ts`);
    expect(loaded.length).toBeGreaterThan(10);
    const others = loaded.filter((file) => !codecs.includes(layerOf(file)));
    expect(["node:module", "node:util/types"]).toEqual(expect.arrayContaining(others));
  });
});
