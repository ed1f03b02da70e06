import { expect } from "vitest";
import {
  type ControlEntry,
  type ControlMessage,
  type ControlName,
  type ControlValue,
  controlMessages,
  decodeControl,
} from "../../src/control/index.js";
import { setsockopt } from "../../src/syscalls/index.js";

/** The value of the control message of this name. Undefined: there is none. */
export function find<N extends ControlName>(
  control: readonly ControlMessage[],
  name: N,
): ControlValue<N> | undefined {
  const found = control.find((message) => message.name === name);
  return (found as { value: ControlValue<N> } | undefined)?.value;
}

/** The value of the control message of this name, which must exist. */
export function valueIn<N extends ControlName>(
  { control }: { control: readonly ControlMessage[] },
  name: N,
): ControlValue<N> {
  const value = find(control, name);
  expect(value, `${name} among ${names(control).join(", ") || "no control messages"}`).toBeDefined();
  return value!;
}

export const names = (control: readonly ControlMessage[]): string[] => control.map(({ name }) => name);

/** Switches a message on with its socket option. */
export function switchOn(fd: number, name: ControlName): void {
  const { enable } = controlMessages[name] as ControlEntry;
  setsockopt(fd, enable!.level, enable!.option, enable!.value ?? 1);
}

/** The control messages of a socket of that family, in received bytes. */
export function decoded(bytes: Uint8Array, length: number, family: number): ControlMessage[] {
  return decodeControl(bytes.subarray(0, length), { family });
}
