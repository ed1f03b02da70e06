import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LateRegistry } from "../src/late-registry.js";

/** The objects that were registered with the FinalizationRegistry, with their held values. */
const registered = new Map<object, string>();

class Registry {
  register(object: object, heldValue: string, token: object): void {
    expect(token).toBe(object);
    registered.set(object, heldValue);
  }
  unregister(token: object): void {
    expect(registered.delete(token)).toBe(true);
  }
}

interface Thing {
  name: string;
}

let registry: LateRegistry<Thing, string>;

beforeEach(() => {
  vi.stubGlobal("FinalizationRegistry", Registry);
  registry = new LateRegistry<Thing, string>(
    () => {},
    ({ name }) => name,
  );
});

afterEach(() => {
  vi.unstubAllGlobals();
  registered.clear();
});

const held = () => [...registered.values()];
const isHeld = (...names: string[]) => vi.waitFor(() => expect(held()).toEqual(names));

test("an object that is released soon is never registered", async () => {
  const things = ["a", "b", "c"].map((name) => ({ name }));
  const places = things.map((thing) => registry.register(thing));
  registry.unregister(things[2]!, places[2]!);
  registry.unregister(things[0]!, places[0]!);
  await isHeld("b");
});

test("an object that lives on is registered later, and can be unregistered", async () => {
  const [first, second] = [{ name: "first" }, { name: "second" }];
  const place = registry.register(first);
  await isHeld("first");
  const next = registry.register(second);
  registry.unregister(first, place);
  expect(held()).toEqual([]);
  await isHeld("second");
  registry.unregister(second, next);
  expect(held()).toEqual([]);
});

test("fake timers of a test tool do not delay the registration", async () => {
  vi.useFakeTimers();
  const place = registry.register({ name: "done" });
  registry.unregister({ name: "done" }, place);
  registry.register({ name: "first" });
  vi.useRealTimers();
  await isHeld("first");
  registry.register({ name: "second" });
  await isHeld("first", "second");
});

test("many objects at once are registered without a wait", () => {
  const things = Array.from({ length: 3000 }, (_, i) => ({ name: String(i) }));
  const places = things.map((thing) => registry.register(thing));
  expect(registered.size).toBe(2048);
  for (const [i, thing] of things.entries()) if (i % 2 === 0) registry.unregister(thing, places[i]!);
  registry.settle();
  expect(held()).toEqual(things.map(({ name }) => name).filter((_, i) => i % 2 === 1));
});
