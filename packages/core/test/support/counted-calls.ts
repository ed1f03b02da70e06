import { binding } from "../../src/native/load.js";

/** Counts how often the library makes a system call while `body` runs. A loop that spins makes thousands of calls. */
export async function calls(
  name: "accept4" | "connect" | "dup" | "receive" | "send" | "startAccept" | "startConnect" | "startSend",
  body: () => unknown,
): Promise<number> {
  const native = binding();
  const call = native[name] as (...args: unknown[]) => number;
  let count = 0;
  const counting = (...args: unknown[]): number => {
    count++;
    return call(...args);
  };
  Object.assign(native, { [name]: counting });
  try {
    await body();
  } finally {
    Object.assign(native, { [name]: call });
  }
  return count;
}
