import { expectTypeOf, test } from "vitest";
import type { Socket } from "../../src/index.js";
import {
  decodeOption,
  encodeOption,
  type OptionInput,
  type OptionName,
  type OptionQuery,
  type OptionValue,
  type ReadableOption,
  type SettableOption,
  socketOptions,
} from "../../src/options/index.js";
import type { Unusable } from "./unusable.js";

declare const bytes: Uint8Array;
declare const options: Socket["options"];

test("the name decides the value's type", () => {
  expectTypeOf<OptionValue<"reusePort">>().toEqualTypeOf<boolean>();
  expectTypeOf<OptionValue<"rcvBuf">>().toEqualTypeOf<number>();
  expectTypeOf<OptionValue<"cookie">>().toEqualTypeOf<bigint>();
  expectTypeOf<OptionValue<"tcpCongestion">>().toEqualTypeOf<string>();
  expectTypeOf<OptionValue<"peerCred">>().toEqualTypeOf<{ pid: number; uid: number; gid: number }>();
  expectTypeOf<OptionValue<"ipMulticastIf">>().toEqualTypeOf<string>();
  expectTypeOf<OptionInput<"ipMulticastIf">>().toEqualTypeOf<{
    address: string;
    interface: number | string;
  }>();
});

test("no value's type is any, unknown or never", () => {
  expectTypeOf<{ [N in OptionName]: Unusable<OptionValue<N>, N> }[OptionName]>().toEqualTypeOf<never>();
  expectTypeOf<{ [N in OptionName]: Unusable<OptionInput<N>, N> }[OptionName]>().toEqualTypeOf<never>();
});

test("each option can be read, or set, or both", () => {
  expectTypeOf<OptionName>().toEqualTypeOf<keyof typeof socketOptions>();
  expectTypeOf<ReadableOption | SettableOption>().toEqualTypeOf<OptionName>();
  expectTypeOf<"cookie">().toExtend<ReadableOption>();
  expectTypeOf<"cookie">().not.toExtend<SettableOption>();
  expectTypeOf<"ipAddMembership">().toExtend<SettableOption>();
  expectTypeOf<"ipAddMembership">().not.toExtend<ReadableOption>();
  expectTypeOf<"rcvBuf">().toExtend<ReadableOption & SettableOption>();
});

test("get returns the value's type", () => {
  expectTypeOf(options.get("linger")).toEqualTypeOf<{ onOff: boolean; seconds: number }>();
  expectTypeOf(options.get("keepAlive")).toEqualTypeOf<boolean>();
  expectTypeOf(options.get("tcpInfo").rtt).toEqualTypeOf<number>();
  // Older kernels lack it.
  expectTypeOf(options.get("tcpInfo").pacingRate).toEqualTypeOf<bigint | undefined>();
  const any = <N extends ReadableOption>(name: N) => options.get(name);
  expectTypeOf(any("rcvTimeo")).toEqualTypeOf<bigint>();
  // @ts-expect-error: it can only be set.
  options.get("ipAddMembership");
  // @ts-expect-error: no option has this name.
  options.get("SO_RCVBUF");
});

test("get accepts an association for SCTP's options only", () => {
  expectTypeOf<OptionQuery<"sctpRtoInfo">>().toEqualTypeOf<{ association: number }>();
  expectTypeOf<OptionQuery<"rcvBuf">>().toEqualTypeOf<never>();
  options.get("sctpRtoInfo", { association: 1 });
  // @ts-expect-error: an association is a number.
  options.get("sctpRtoInfo", { association: "1" });
  // @ts-expect-error: the option takes no association.
  options.get("rcvBuf", { association: 1 });
});

test("set accepts the value's type", () => {
  expectTypeOf(options.set("rcvBuf", 4096)).toEqualTypeOf<void>();
  options.set("bindToDevice", "lo");
  options.set("ipMulticastIf", { address: "0.0.0.0", interface: "lo" });
  // @ts-expect-error: a flag is a boolean.
  options.set("reusePort", 1);
  // @ts-expect-error: a size is a number.
  options.set("rcvBuf", 4096n);
  // @ts-expect-error: a 64-bit value is a bigint.
  options.set("maxPacingRate", 1000);
  // @ts-expect-error: the seconds are missing.
  options.set("linger", { onOff: true });
  // @ts-expect-error: it can only be read.
  options.set("cookie", 1n);
  // @ts-expect-error: no option has this name.
  options.set("SO_RCVBUF", 4096);
});

test("raw options are numbers or bytes", () => {
  expectTypeOf(options.getRaw(1, 8, 4)).toEqualTypeOf<Uint8Array>();
  options.setRaw(1, 8, bytes);
  options.setRaw(1, 8, bytes.buffer);
  // @ts-expect-error: an integer has no length.
  options.setRaw(1, 8, 4096);
});

test("the codec has the same types", () => {
  expectTypeOf(encodeOption("maxPacingRate", 1000n)).toEqualTypeOf<Uint8Array>();
  expectTypeOf(decodeOption("reusePort", bytes)).toEqualTypeOf<boolean>();
  expectTypeOf(decodeOption("peerCred", bytes, { layout: "32" }).uid).toEqualTypeOf<number>();
  // @ts-expect-error: a flag is a boolean.
  encodeOption("reusePort", 1);
  // @ts-expect-error: a layout is a string.
  decodeOption("reusePort", bytes, { layout: 32 });
});

test("the table is read-only", () => {
  expectTypeOf(socketOptions.rcvBuf.direction).toEqualTypeOf<"both">();
  expectTypeOf(socketOptions.cookie.direction).toEqualTypeOf<"get">();
  // @ts-expect-error: the entry's number is read-only.
  socketOptions.rcvBuf.option = 1;
});
