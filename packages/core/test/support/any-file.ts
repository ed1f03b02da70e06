import { openSync } from "./files.mjs";

/** Opens a file that every process has. The caller must close it. */
export const openAnyFile = (): number => openSync("/proc/self/status", "r");
