// Runs before each test file, even if several files share a process. A hook that an imported module registers would run for the
// first file alone, because its modules are shared, too.
import { afterAll, beforeEach, type RunnerTask } from "vitest";
import { warnOfDropped } from "../../src/socket/dropped-descriptors.js";
import { nextTurn } from "../../src/socket/fairness.js";
import { REAL_KERNEL } from "./skip-unless.js";
import { removeTemporaryDirectory } from "./temporary-directory.js";

afterAll(removeTemporaryDirectory);

// The first dropped descriptor of a process prints a warning, and many tests drop some. So we cause this warning here, unseen.
const { emitWarning } = process;
process.emitWarning = () => {};
warnOfDropped();
process.emitWarning = emitWarning;

// After 128 calls that complete at once, the next call waits for the event loop (src/socket/fairness.ts). Each test starts a
// new count.
beforeEach(nextTurn);

// A booted kernel runs all tests of test/kernel. In other files, it runs only the tests that user-mode emulation gets wrong.
if (process.env.SENDMSG_ONLY_REAL_KERNEL) {
  beforeEach(({ task, skip }) => {
    const isChosen = task.file.filepath.includes("/test/kernel/") || fullNameOf(task).includes(REAL_KERNEL);
    if (!isChosen) skip("it runs on this machine, or by user-mode emulation");
  });
}

function fullNameOf({ name, suite }: RunnerTask): string {
  return suite ? `${fullNameOf(suite)} ${name}` : name;
}
