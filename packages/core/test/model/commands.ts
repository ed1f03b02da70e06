import fc from "fast-check";
import type { System } from "./system.js";

/** The state that decides whether a command can be given. */
export interface Model {
  closed: [boolean, boolean];
}

type Command = fc.AsyncCommand<Model, System>;

class Step implements Command {
  readonly #text: string;
  readonly #at: number | undefined;
  readonly #run: (system: System, model: Model) => unknown;

  constructor(text: string, at: number | undefined, run: (system: System, model: Model) => unknown) {
    this.#text = text;
    this.#at = at;
    this.#run = run;
  }

  check({ closed }: Readonly<Model>): boolean {
    return this.#at === undefined || !closed[this.#at];
  }

  async run(model: Model, system: System): Promise<void> {
    await this.#run(system, model);
    system.check();
  }

  toString(): string {
    return this.#text;
  }
}

const end = fc.constantFrom(0, 1);

/** Interesting sizes: nothing, a little, a page, and more than a small buffer holds. */
const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 40 }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 4096, 9000) },
);
/** On a stream, also more than any buffer holds. */
const streamSizes = fc.oneof(
  { weight: 6, arbitrary: sizes },
  { weight: 1, arbitrary: fc.constantFrom(100_000, 400_000) },
);

/** Every command for two sockets. */
export const steps = (isStream: boolean): fc.Arbitrary<Command>[] => [
  fc
    .record({ at: end, size: isStream ? streamSizes : sizes, files: fc.array(fc.nat(2), { maxLength: 3 }) })
    .map(
      ({ at, size, files }) =>
        new Step(`${at}.send(${size}, [${files}])`, at, (system) => system.send(at, size, files)),
    ),
  fc.record({ at: end, count: fc.integer({ min: 2, max: 60 }), size: sizes }).map(
    ({ at, count, size }) =>
      new Step(`${count} × ${at}.send(${size})`, at, (system) => {
        for (let i = 0; i < count; i++) system.send(at, size, []);
      }),
  ),
  fc
    .record({
      at: end,
      size: fc.option(fc.integer({ min: 1, max: 5000 }), { nil: undefined }),
      all: fc.boolean(),
    })
    .map(
      ({ at, size, all }) =>
        new Step(`${at}.receive(${size ?? ""}, ${all ? 253 : 0})`, at, (system) =>
          system.receive(at, { ...(size !== undefined && { size }), maxFds: all ? 253 : 0, peek: false }),
        ),
    ),
  end.map((at) => new Step(`${at}.peek()`, at, (system) => system.receive(at, { maxFds: 253, peek: true }))),
  end.map((at) => new Step(`${at}.tryReceive()`, at, (system) => system.tryReceive(at))),
  fc
    .record({ at: end, of: fc.constantFrom("sends" as const, "receives" as const), index: fc.nat(9) })
    .map(
      ({ at, of, index }) =>
        new Step(`${at}.abort(${of}[${index}])`, at, (system) => system.abort(at, of, index)),
    ),
  end.map((at) => new Step(`${at}.shutdown()`, at, (system) => system.shutdown(at))),
  end.map((at) => new Step(`${at}.move()`, at, (system) => system.move(at))),
  end.map(
    (at) =>
      new Step(`${at}.close()`, at, (system, model) => {
        model.closed[at] = true;
        system.close(at);
      }),
  ),
  fc.constant(new Step("settle()", undefined, (system) => system.settle())),
  fc.constant(new Step("settle()", undefined, (system) => system.settle())),
];
