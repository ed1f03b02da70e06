/**
 * Control messages (ancillary data) as bytes and as values, for any machine: no native code is loaded.
 *
 * @module
 */
export type { AddressFamilyName } from "../address/family.js";
export type { Layout } from "../wire/layout.js";
export { CMSG_ALIGN, CMSG_LEN, CMSG_SPACE } from "./cmsg.js";
export { controlMessages } from "./control-messages.js";
export { type DecodeControlOptions, decodeControl } from "./decode.js";
export { type EncodeControlOptions, encodeControl } from "./encode.js";
export type { ControlEntry } from "./entry.js";
export type { ControlMessage, ControlName, ControlValue, UnknownControlMessage } from "./table.js";
