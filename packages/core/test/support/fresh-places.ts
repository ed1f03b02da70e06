import { join } from "node:path";
import { temporaryDirectory } from "./temporary-directory.js";

let last = 0;

/** An unused path in a directory that is removed when the file's tests have ended. */
export const freshPath = (): string => join(temporaryDirectory(), `${++last}.sock`);

/** An unused abstract name. */
export const freshName = (): string => `sendmsg-test-${process.pid}-${++last}`;
