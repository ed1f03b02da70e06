import type { Binding } from "../native/binding.js";
import { CALLS, type Call, type Context, type EndedCall, type Name, type StartedCall } from "./calls.js";
import { resultText } from "./text.js";

type Function = (...args: never[]) => unknown;

const NOTHING = new Uint8Array(0);

/**
 * Returns a binding that prints each system call with `print`, as strace(1) does. Calls of threads print when they start and when they
 * end.
 */
export function traced(native: Binding, print: (line: string) => void): Binding {
  const context: Context = { native, data: NOTHING, control: NOTHING };
  const say = carefully(context, print);
  /** The calls in threads, by token: `recvmsg(21)`. */
  const underway = new Map<number, string>();

  const call =
    ({ call, args, value }: Call, run: Function): Function =>
    (...given) => {
      const textOf = args(context, ...given);
      const returned = run(...given);
      const result = typeof returned === "number" ? returned : 0;
      say(`${call}(${textOf(result)}) = ${resultText(result, value && ((it) => value(it, context)))}`);
      return returned;
    };

  const start =
    ({ starts, token, args }: StartedCall, run: Function): Function =>
    (...given) => {
      const text = args(context, ...given);
      const result = run(...given);
      // release() returns whether the descriptor was held.
      if (result === false) return result;
      if (typeof result === "number" && result < 0) {
        say(`${starts}(${text}) = ${resultText(result)}`);
        return result;
      }
      // Nobody waits for the end of a close without a token.
      if (given[token]) underway.set(given[token], `${starts}(${given[0]})`);
      say(`${starts}(${text}) <unfinished ...>`);
      return result;
    };

  const end =
    ({ ends }: EndedCall, run: Function): Function =>
    (...given) => {
      const textOf = ends(context, ...given);
      const result = run(...given) as number;
      const what = underway.get(given[0]!);
      underway.delete(given[0]!);
      say(`<... ${what} resumed>${textOf(result)} = ${resultText(result)}`);
      return result;
    };

  const wrap = (name: Name): Function => {
    const run = native[name] as Function;
    const how = CALLS[name];
    if (how === "quiet") return run;
    if ("call" in how) return call(how, run);
    return "starts" in how ? start(how, run) : end(how, run);
  };

  const wrapped = Object.fromEntries((Object.keys(CALLS) as Name[]).map((name) => [name, wrap(name)]));
  return {
    ...native,
    ...wrapped,
    dataBuffer(memory) {
      context.data = memory;
      native.dataBuffer(memory);
    },
    controlBuffer(memory) {
      context.control = memory;
      native.controlBuffer(memory);
    },
    takeFinished(tokens) {
      const count = native.takeFinished(tokens);
      for (const token of tokens.subarray(0, count)) {
        const what = underway.get(token);
        // The result of any other call is taken later.
        if (!what?.startsWith("close(")) continue;
        underway.delete(token);
        say(`<... ${what} resumed>`);
      }
      return count;
    },
  } as Binding;
}

/**
 * Printing runs the program's code if it has replaced process.stderr.write(), and that code may use sockets, too. Its calls are not
 * printed, and the numbers and bytes that the call before has returned are put back.
 */
function carefully(context: Context, print: (line: string) => void): (line: string) => void {
  let printing = false;
  return (line) => {
    if (printing) return;
    const { native, data, control } = context;
    const { buffer, byteOffset, byteLength } = native.result;
    const memories = [new Uint8Array(buffer, byteOffset, byteLength), native.scratch, data, control];
    // slice() of a Buffer would not copy.
    const contents = memories.map((memory) => new Uint8Array(memory));
    printing = true;
    try {
      print(line);
    } finally {
      printing = false;
      for (const [i, memory] of memories.entries()) memory.set(contents[i]!);
    }
  };
}
