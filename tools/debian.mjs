// Debian packages that the tools need on this machine.
import { existsSync } from "node:fs";
import { attempt, run } from "./run.mjs";

/** musl's libc, which is also its dynamic loader. It is in the package musl. */
export const MUSL_LIBC = "/lib/x86_64-linux-musl/libc.so";

export function isRoot() {
  return process.getuid?.() === 0;
}

/** Installs missing packages, as root on Debian or Ubuntu. On other systems, prints what to install and ends the process. */
export function requirePackages(names) {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const command = `apt-get install --no-install-recommends ${missing.join(" ")}`;
  if (!isRoot() || !existsSync("/usr/bin/apt-get")) {
    console.error(
      `Missing here: ${missing.join(" ")}.\nAs root on Debian 12, or in a container of it: ${command}`,
    );
    process.exit(1);
  }
  console.log(`Installing ${missing.join(" ")}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["-qq", "update"],
    ["-qq", "-y", "--no-install-recommends", "install", ...missing],
  ]) {
    run("apt-get", args, { env: environment });
  }
}

function isInstalled(name) {
  return /^Status: .* installed$/m.test(attempt("dpkg", ["-s", name]).stdout);
}
