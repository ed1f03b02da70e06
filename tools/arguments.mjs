// Reads the arguments of tools that do the same for several names: [OPTION…] NAME… [-- FILTER…]
import { parseArgs } from "node:util";

/**
 * Returns the names before `--`, and the arguments after it. A name that is no key of the table ends the process; `kind` says what
 * the name should be. `options` are those of parseArgs.
 */
export function namesAndFilters(kind, table, options = {}) {
  const { tokens, values } = parseArgs({ options, allowPositionals: true, tokens: true });
  const end = tokens.findIndex((token) => token.kind === "option-terminator");
  const valuesOf = (some) => some.filter(({ kind }) => kind === "positional").map(({ value }) => value);
  const names = valuesOf(end === -1 ? tokens : tokens.slice(0, end));
  for (const name of names) {
    if (!Object.hasOwn(table, name)) {
      console.error(`No such ${kind}: ${name}. There are ${Object.keys(table).join(", ")}.`);
      process.exit(2);
    }
  }
  return { names, filters: end === -1 ? [] : valuesOf(tokens.slice(end + 1)), options: values };
}
