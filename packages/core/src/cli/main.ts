#!/usr/bin/env node
import { parseArgs } from "node:util";
import * as binary from "../../binary.cjs";
import { build } from "./build.js";
import { describe, diagnose } from "./doctor.js";

const USAGE = `Usage: sendmsg doctor [--json]   what this machine can do, and what is wrong if the native part does not load
       sendmsg build             compiles the native part on this machine, for architectures without a prebuilt one
       sendmsg --version`;

function usageError(message: string): number {
  console.error(`sendmsg: ${message}\n${USAGE}`);
  return 2;
}

async function main(args: string[]): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return usageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values.version) {
    console.log(binary.version());
    return 0;
  }
  const [command, ...rest] = positionals;
  if (rest.length > 0) return usageError(`unexpected argument: ${rest[0]}`);
  switch (command) {
    case "doctor": {
      const diagnosis = diagnose();
      console.log(values.json ? JSON.stringify(diagnosis, null, 2) : describe(diagnosis));
      return diagnosis.ok ? 0 : 1;
    }
    case "build":
      return values.json ? usageError("--json is for doctor") : build();
    case undefined:
      return usageError("a command is missing");
    default:
      return usageError(`no such command: ${command}`);
  }
}

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
      version: { type: "boolean", short: "v" },
    },
  });
}

process.exitCode = await main(process.argv.slice(2));
