// Boots a kernel on an emulated machine with one processor, and runs tests there.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { gunzipSync } from "node:zlib";
import { repository } from "./paths.mjs";
import { merged } from "./results.mjs";
import { run } from "./run.mjs";
import { initramfs, kernel, script } from "./targets.mjs";
import { chosenIn, emulatedTestsOfOthers, shellCommand, vitestRuns } from "./test-selection.mjs";

const MEMORY = "2048";
/** The folder of the reports in the emulated machine. */
const REPORTS = "/tmp/reports";
// When qemu emulates a whole machine, it sometimes crashes Node, also in vitest's own process. So if a run failed but no test did,
// we repeat it.
const ATTEMPTS = 3;

/** Runs the tests. Writes vitest's report to the path `report`, and resolves with the exit status. */
export async function testOnKernel({ arch, name, selection }, filters, report) {
  const { image, modules } = kernel(arch);
  const base = initramfs(arch);
  console.log(`\n${name}`);
  const stage = mkdtempSync(join(tmpdir(), "sendmsg-guest-"));
  try {
    mkdirSync(join(stage, "repository"));
    const isChosen = filters.length === 0;
    const tests = isChosen ? { ofCore: selection(), ofOthers: emulatedTestsOfOthers(name) } : {};
    const chosen = vitestRuns(REPORTS, tests, filters);
    const command = shellCommand(chosen, { onlyRealKernel: isChosen });
    writeFileSync(
      join(stage, "run-tests"),
      [
        "#!/bin/sh",
        `export SENDMSG_TARGET=${name} NO_COLOR=1`,
        // Load the modules. Without them, tests would be skipped.
        "if [ -s /etc/modules ]; then xargs /sbin/modprobe -a </etc/modules || exit 1; fi",
        // Repeat the run if it failed but no test did.
        `for attempt in $(seq ${ATTEMPTS}); do`,
        `  rm -rf ${REPORTS}`,
        // Use a pipe: the console is a terminal, on which vitest would draw.
        `  { ${command}; echo $? >/tmp/status; } 2>&1 | cat`,
        "  status=$(cat /tmp/status)",
        "  [ $status != 0 ] || break",
        `  ! grep -L '"numFailedTests":0' ${REPORTS}/*.json | grep -q . || break`,
        '  echo "ended with $status, and no test failed (attempt $attempt)"',
        "done",
        // The kernel writes to the same console. Its messages must not get between the lines of the report.
        "echo 1 >/proc/sys/kernel/printk",
        `for report in ${REPORTS}/*.json; do echo REPORT; gzip -c $report | base64; echo END OF REPORT; done`,
        "exit $status",
        "",
      ].join("\n"),
      { mode: 0o755 },
    );
    const archive = `${stage}.cpio`;
    run("bash", [
      "-c",
      '"$1" "$2" | tar -x -C "$3/repository" && cd "$3" && find . -mindepth 1 -print0 | cpio --null --create --format=newc --quiet >"$4"',
      ...["bash", script("checkout.sh"), repository, stage, archive],
    ]);
    const output = await lines(name, script("boot.sh"), [
      ...[arch, image, MEMORY],
      ...[base, modules, archive],
    ]);
    rmSync(archive, { force: true });
    const encoded = [...output.matchAll(/^REPORT$([\s\S]*?)^END OF REPORT$/gm)];
    if (encoded.length === chosen.length) {
      const whole = merged(encoded.map(([, text]) => JSON.parse(gunzipSync(Buffer.from(text, "base64")))));
      writeFileSync(report, JSON.stringify(isChosen ? chosenIn(whole) : whole));
    }
    const status = /^GUEST STATUS (\d+)$/m.exec(output)?.[1];
    if (status === undefined) console.error("The kernel stopped before the tests were done");
    return Number(status ?? 1);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** Prints a program's output line by line, each after the name, but without the reports. */
async function lines(name, program, args) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const output = [];
  let inReport = false;
  const closed = once(child, "close");
  for await (const line of createInterface({ input: child.stdout })) {
    output.push(line);
    if (line === "REPORT") inReport = true;
    if (!inReport) console.log(`${name} | ${line}`);
    if (line === "END OF REPORT") inReport = false;
  }
  await closed;
  return `${output.join("\n")}\n`;
}
