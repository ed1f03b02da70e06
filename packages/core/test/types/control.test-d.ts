import { expectTypeOf, test } from "vitest";
import type { Ipv4Address } from "../../src/address/index.js";
import {
  type ControlMessage,
  type ControlName,
  type ControlValue,
  controlMessages,
  decodeControl,
  encodeControl,
} from "../../src/control/index.js";
import type { Unusable } from "./unusable.js";

declare const bytes: Uint8Array;
declare const message: ControlMessage;

test("ControlName has the keys of the table", () => {
  expectTypeOf<ControlName>().toEqualTypeOf<keyof typeof controlMessages>();
  expectTypeOf<"rights" | "ipPktInfo" | "timestampNs">().toExtend<ControlName>();
  expectTypeOf<"nonsense">().not.toExtend<ControlName>();
  expectTypeOf<"unknown">().not.toExtend<ControlName>();
});

test("a value's type comes from the table", () => {
  expectTypeOf<ControlValue<"rights">>().toEqualTypeOf<number[]>();
  expectTypeOf<ControlValue<"credentials">>().toEqualTypeOf<{ pid: number; uid: number; gid: number }>();
  expectTypeOf<ControlValue<"security">>().toEqualTypeOf<string | Uint8Array>();
  expectTypeOf<ControlValue<"pidfd">>().toEqualTypeOf<number>();
  expectTypeOf<ControlValue<"timestampNs">>().toEqualTypeOf<bigint>();
  expectTypeOf<ControlValue<"ipPktInfo">>().toEqualTypeOf<{
    interfaceIndex: number;
    specificDestination: string;
    address: string;
  }>();
  expectTypeOf<NonNullable<ControlValue<"ipRecvErr">["offender"]>>().toEqualTypeOf<Ipv4Address>();
  expectTypeOf<ControlValue<"rxrpcAck">>().toEqualTypeOf<null>();
});

test("no value's type is any, unknown or never", () => {
  expectTypeOf<{ [N in ControlName]: Unusable<ControlValue<N>, N> }[ControlName]>().toEqualTypeOf<never>();
});

test("the name narrows the value's type", () => {
  if (message.name === "unknown") {
    expectTypeOf(message.data).toEqualTypeOf<Uint8Array>();
    expectTypeOf(message.truncated).toEqualTypeOf<true | undefined>();
    // @ts-expect-error: an unknown message has no value.
    message.value;
    return;
  }
  if (message.name === "rights") expectTypeOf(message.value).toEqualTypeOf<number[]>();
  if (message.name === "txTime") expectTypeOf(message.value).toEqualTypeOf<bigint>();
  if (message.name === "ipTos" || message.name === "ipTtl") {
    expectTypeOf(message.value).toEqualTypeOf<number>();
  }
  // @ts-expect-error: only an unknown message has data.
  message.data;
  // @ts-expect-error: no message has this name.
  if (message.name === "nonsense") return;
});

test("a message can be looked up by its name", () => {
  expectTypeOf<Extract<ControlMessage, { name: "credentials" }>>().toEqualTypeOf<{
    name: "credentials";
    value: { pid: number; uid: number; gid: number };
  }>();
});

test("a message's value must have the type of its name", () => {
  expectTypeOf<{ name: "rights"; value: number[] }>().toExtend<ControlMessage>();
  expectTypeOf<{ name: "rights"; value: string }>().not.toExtend<ControlMessage>();
  expectTypeOf<{ name: "rights"; value: bigint[] }>().not.toExtend<ControlMessage>();
  expectTypeOf<{ name: "rights" }>().not.toExtend<ControlMessage>();
  expectTypeOf<{ name: "txTime"; value: number }>().not.toExtend<ControlMessage>();
  type Unknown = { name: "unknown"; level: number; type: number; data: Uint8Array };
  expectTypeOf<Unknown>().toExtend<ControlMessage>();
  expectTypeOf<Omit<Unknown, "level">>().not.toExtend<ControlMessage>();
});

test("encodeControl accepts messages, a layout and a family", () => {
  expectTypeOf(encodeControl([{ name: "pidfd", value: 3 }])).toEqualTypeOf<Uint8Array>();
  expectTypeOf<readonly ControlMessage[]>().toExtend<Parameters<typeof encodeControl>[0]>();
  encodeControl([], { family: "bluetooth", layout: "32" });
  encodeControl([], { family: 31 });
  // @ts-expect-error: no family has this name.
  encodeControl([], { family: "inet" });
  // @ts-expect-error: a layout is a string.
  encodeControl([], { layout: 64 });
  // @ts-expect-error: the messages are a list, even if there is one.
  encodeControl({ name: "pidfd", value: 3 });
  // @ts-expect-error: the gid is missing.
  encodeControl([{ name: "credentials", value: { pid: 1, uid: 0 } }]);
});

test("decodeControl accepts bytes, and returns a list that may be changed", () => {
  expectTypeOf(decodeControl(bytes)).toEqualTypeOf<ControlMessage[]>();
  // @ts-expect-error: the argument is a view, not an ArrayBuffer.
  decodeControl(bytes.buffer);
  // @ts-expect-error: no family has this name.
  decodeControl(bytes, { family: "inet" });
});

test("the table is typed by name, and read-only", () => {
  expectTypeOf(controlMessages.rights.direction).toEqualTypeOf<"both">();
  expectTypeOf(controlMessages.pidfd.enable?.option).toEqualTypeOf<number | undefined>();
  // @ts-expect-error: a level is read-only.
  controlMessages.rights.level = 1;
  // @ts-expect-error: an entry is read-only.
  controlMessages.rights = controlMessages.pidfd;
});
