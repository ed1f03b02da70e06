import * as timers from "node:timers";

// Test tools replace timers by others, which may never fire.
const { setTimeout } = timers;

/** How long objects live unregistered, in milliseconds, and how many at most. */
const DELAY = 10;
const MOST = 1024;

/**
 * A FinalizationRegistry for objects most of which are done with soon, as descriptors are. It registers an object when it has lived for some
 * milliseconds. Until then it holds the object. Registering at once, and taking that back, would take as long as a system call, and
 * what it leaves behind makes V8 enlarge its young generation.
 */
export class LateRegistry<T extends object, H> {
  readonly #registry: FinalizationRegistry<H>;
  readonly #heldValueOf: (object: T) => H;
  readonly #young: (T | undefined)[] = [];
  /** The place of the first of these. */
  #first = 0;
  readonly #settleLater = (): void => this.settle();

  constructor(cleanup: (heldValue: H) => void, heldValueOf: (object: T) => H) {
    this.#registry = new FinalizationRegistry(cleanup);
    this.#heldValueOf = heldValueOf;
  }

  /** Returns the object's place, by which {@link unregister} finds it. */
  register(object: T): number {
    const young = this.#young;
    if (young.length === MOST) this.settle();
    const place = this.#first + young.push(object) - 1;
    if (place === this.#first) setTimeout(this.#settleLater, DELAY).unref();
    return place;
  }

  unregister(object: T, place: number): void {
    if (place >= this.#first) this.#young[place - this.#first] = undefined;
    else this.#registry.unregister(object);
  }

  /** Has the collector look at all objects from now on. */
  settle(): void {
    const young = this.#young;
    for (let i = 0; i < young.length; i++) {
      const object = young[i];
      if (object !== undefined) this.#registry.register(object, this.#heldValueOf(object), object);
    }
    this.#first += young.length;
    young.length = 0;
  }
}
