/**
 * Socket options as bytes and as values, for any machine: no native code is loaded.
 *
 * @module
 */
export { type DecodeOptionOptions, decodeOption, type EncodeOptionOptions, encodeOption } from "./codec.js";
export type { OptionEntry } from "./entry.js";
export {
  type OptionInput,
  type OptionName,
  type OptionQuery,
  type OptionValue,
  type ReadableOption,
  type SettableOption,
  socketOptions,
} from "./table.js";
