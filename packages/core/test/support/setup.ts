// Before each test file, even where several share a process and its modules: what a helper's own module registers is
// registered for the first file alone.
import { afterAll, beforeEach, type RunnerTask } from "vitest";
import { nextTurn } from "../../src/socket/fairness.js";
import { REAL_KERNEL } from "./skip-unless.js";
import { removeTemporaryDirectory } from "./temporary-directory.js";

afterAll(removeTemporaryDirectory);

// After 128 calls that complete at once, the next one waits for the event loop (src/socket/fairness.ts). Each test starts a new
// count.
beforeEach(nextTurn);

// A booted kernel runs all of test/kernel, and of the other files what user-mode emulation gets wrong.
if (process.env.SENDMSG_ONLY_REAL_KERNEL) {
  beforeEach(({ task, skip }) => {
    const isChosen = task.file.filepath.includes("/test/kernel/") || fullNameOf(task).includes(REAL_KERNEL);
    if (!isChosen) skip("it runs on this machine, or by user-mode emulation");
  });
}

function fullNameOf({ name, suite }: RunnerTask): string {
  return suite ? `${fullNameOf(suite)} ${name}` : name;
}
