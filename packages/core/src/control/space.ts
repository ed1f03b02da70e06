import { inLayout, type Layout, machineLayout } from "../wire/layout.js";
import { spaceOf } from "./cmsg.js";
import { type ControlName, entryNamed, hasFamily } from "./table.js";

/**
 * The size of a control buffer that has room for all of these messages at once, each as often as it can occur, on a socket of this
 * family (AF_*). Messages that such a socket never delivers take no room.
 */
export function controlSpace(
  names: readonly ControlName[],
  family: number,
  layout: Layout = machineLayout,
): number {
  let space = 0;
  for (const name of new Set(names)) {
    const named = entryNamed(name)!;
    if (!hasFamily(named, family)) continue;
    const { payload, repeats = 1 } = named.entry;
    space += repeats * spaceOf(inLayout(payload.reserve ?? payload.size, layout), layout);
  }
  return space;
}
