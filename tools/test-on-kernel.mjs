// Runs tests on a booted kernel, on an emulated machine with one processor.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { gunzipSync } from "node:zlib";
import { repository } from "./paths.mjs";
import { run } from "./run.mjs";
import { initramfs, kernel, script } from "./targets.mjs";
import { allTests, merged, vitest } from "./test-selection.mjs";

const MEMORY = "2048";
// qemu, emulating a whole machine, has been seen to crash Node, in the process of vitest itself as in the others: a run in which
// no test failed is made again.
const ATTEMPTS = 3;

/** Writes vitest's report there, and resolves with the status. */
export async function testOnKernel({ arch, name, selection }, filters, report) {
  const { image, modules } = kernel(arch);
  const base = initramfs(arch);
  console.log(`\n${name}`);
  const stage = mkdtempSync(join(tmpdir(), "sendmsg-guest-"));
  try {
    mkdirSync(join(stage, "repository"));
    const runs = filters.length > 0 ? allTests(filters) : selection();
    const reportOf = (i) => `/tmp/${i}.json`;
    const commands = runs.map((options, i) =>
      vitest(reportOf(i), options)
        .map((word) => `'${word}'`)
        .join(" "),
    );
    writeFileSync(
      join(stage, "run-tests"),
      [
        "#!/bin/sh",
        `export SENDMSG_TARGET=${name} NO_COLOR=1`,
        // Without them, tests would be skipped.
        "if [ -s /etc/modules ]; then xargs /sbin/modprobe -a </etc/modules || exit 1; fi",
        "echo 0 >/tmp/status",
        // attempt REPORT COMMAND…: again, when it failed and no test did.
        "attempt() {",
        "  report=$1; shift",
        `  for attempt in $(seq ${ATTEMPTS}); do`,
        "    rm -f $report",
        '    "$@" && return 0',
        "    status=$?",
        `    [ ! -e $report ] || grep -q '"numFailedTests":0' $report || break`,
        '    echo "ended with $status, and no test failed (attempt $attempt)"',
        "  done",
        "  echo $status >/tmp/status",
        "}",
        // Through a pipe: the console is a terminal, on which vitest would draw.
        ...commands.map((command, i) => `attempt ${reportOf(i)} ${command} 2>&1 | cat`),
        `for report in ${runs.map((_, i) => reportOf(i)).join(" ")}; do`,
        "  if [ -e $report ]; then echo REPORT; gzip -c $report | base64; echo END OF REPORT; fi",
        "done",
        "exit $(cat /tmp/status)",
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
    const reports = [...output.matchAll(/^REPORT$([\s\S]*?)^END OF REPORT$/gm)].map(([, encoded]) =>
      JSON.parse(gunzipSync(Buffer.from(encoded, "base64"))),
    );
    if (reports.length === runs.length) writeFileSync(report, JSON.stringify(merged(reports, runs)));
    const status = /^GUEST STATUS (\d+)$/m.exec(output)?.[1];
    if (status === undefined) console.error("The kernel stopped before the tests were done");
    return Number(status ?? 1);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** What a program prints, shown after the name as it comes, without the reports. */
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
