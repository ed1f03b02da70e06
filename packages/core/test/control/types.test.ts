import { describe, expectTypeOf, test } from "vitest";
import type { Ipv4Address } from "../../src/address/index.js";
import {
  type ControlMessage,
  type ControlName,
  type ControlValue,
  type controlMessages,
  decodeControl,
} from "../../src/control/index.js";

describe("types", () => {
  test("ControlName is the table's keys", () => {
    expectTypeOf<ControlName>().toEqualTypeOf<keyof typeof controlMessages>();
    expectTypeOf<"rights" | "ipPktinfo" | "timestampNs">().toMatchTypeOf<ControlName>();
    expectTypeOf<"nonsense">().not.toMatchTypeOf<ControlName>();
  });

  test("a value's type comes from the table", () => {
    expectTypeOf<ControlValue<"rights">>().toEqualTypeOf<number[]>();
    expectTypeOf<ControlValue<"credentials">>().toEqualTypeOf<{ pid: number; uid: number; gid: number }>();
    expectTypeOf<ControlValue<"security">>().toEqualTypeOf<string | Uint8Array>();
    expectTypeOf<ControlValue<"pidfd">>().toEqualTypeOf<number>();
    expectTypeOf<ControlValue<"timestampNs">>().toEqualTypeOf<bigint>();
    expectTypeOf<ControlValue<"ipPktinfo">>().toEqualTypeOf<{
      interfaceIndex: number;
      specificDestination: string;
      address: string;
    }>();
    expectTypeOf<NonNullable<ControlValue<"ipRecverr">["offender"]>>().toEqualTypeOf<Ipv4Address>();
    expectTypeOf<ControlValue<"rxrpcAck">>().toEqualTypeOf<null>();
  });

  test("the name tells the value's type", () => {
    const use = (message: ControlMessage) => {
      if (message.name === "unknown") {
        expectTypeOf(message.data).toEqualTypeOf<Uint8Array>();
        return;
      }
      if (message.name === "rights") expectTypeOf(message.value).toEqualTypeOf<number[]>();
      if (message.name === "txtime") expectTypeOf(message.value).toEqualTypeOf<bigint>();
      // @ts-expect-error: what is not unknown has no data.
      message.data;
    };
    decodeControl(new Uint8Array(0)).forEach(use);
  });

  test("a wrong value is no message", () => {
    expectTypeOf<{ name: "rights"; value: string }>().not.toMatchTypeOf<ControlMessage>();
    expectTypeOf<{ name: "rights"; value: number[] }>().toMatchTypeOf<ControlMessage>();
    expectTypeOf<{
      name: "unknown";
      level: number;
      type: number;
      data: Uint8Array;
    }>().toMatchTypeOf<ControlMessage>();
  });
});
