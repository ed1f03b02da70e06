/**
 * Socket options as bytes and as values, for any machine: no native code is loaded.
 *
 * @module
 */
export { type DecodeOptionOptions, decodeOption, type EncodeOptionOptions, encodeOption } from "./codec.js";
export type { OptionEntry } from "./entry.js";
export { socketOptions } from "./socket-options.js";
export type {
  OptionInput,
  OptionName,
  OptionQuery,
  OptionValue,
  ReadableOption,
  SettableOption,
} from "./table.js";
