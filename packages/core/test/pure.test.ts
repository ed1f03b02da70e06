import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const sources = new URL("../src/", import.meta.url);

/** All files that a file loads, including itself. A type import loads nothing. */
function loadedBy(entry: string): string[] {
  const seen = new Set<string>();
  const waiting = [new URL(entry, sources).href];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const text = readFileSync(fileURLToPath(file), "utf8");
    for (const [, specifier] of text.matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)";/gm)) {
      if (specifier!.startsWith(".")) waiting.push(new URL(specifier!.replace(/\.js$/, ".ts"), file).href);
      else expect(["node:module", "node:util/types"]).toContain(specifier);
    }
  }
  return [...seen].map((file) => file.slice(sources.href.length));
}

describe("the codecs import no native code and no higher layer", () => {
  test("sendmsg/control", () => {
    const files = loadedBy("control/index.ts");
    expect(files).toContain("wire/bytes.ts");
    expect(
      files.filter(
        (file) =>
          !/^((control|address|wire|constants)\/|(errors|named-constant|errno|arguments|builtins)\.ts$)/.test(
            file,
          ),
      ),
    ).toEqual([]);
  });

  test("sendmsg/address", () => {
    const files = loadedBy("address/index.ts");
    expect(files).toContain("errors.ts");
    expect(
      files.filter(
        (file) =>
          !/^((address|wire|constants)\/|(errors|named-constant|errno|arguments|builtins)\.ts$)/.test(file),
      ),
    ).toEqual([]);
  });

  test("sendmsg/constants", () => {
    const files = loadedBy("constants/index.ts");
    expect(files.filter((file) => !file.startsWith("constants/"))).toEqual([]);
  });

  test("sendmsg/options", () => {
    const files = loadedBy("options/index.ts");
    expect(files).toContain("options/table.ts");
    expect(
      files.filter(
        (file) =>
          !/^((options|address|wire|constants)\/|(errors|named-constant|errno|arguments|builtins)\.ts$)/.test(
            file,
          ),
      ),
    ).toEqual([]);
  });
});
