import { setTimeout } from "./timers.js";

/** How many milliseconds an object stays unregistered, and how many objects may be unregistered at a time. */
const DELAY = 10;
const MOST = 1024;

/**
 * A FinalizationRegistry for objects that mostly have short lives, as descriptors do. It registers an object only after some
 * milliseconds, and holds the object until then. To register each object at once and to unregister it again would take as long as a
 * system call. It would also leave garbage that makes V8 enlarge its young generation.
 */
export class LateRegistry<T extends object, H> {
  readonly #registry: FinalizationRegistry<H>;
  readonly #heldValueOf: (object: T) => H;
  readonly #young: (T | undefined)[] = [];
  /** The place of the first object in `#young`. */
  #first = 0;
  readonly #settleLater = (): void => this.settle();

  constructor(cleanup: (heldValue: H) => void, heldValueOf: (object: T) => H) {
    this.#registry = new FinalizationRegistry(cleanup);
    this.#heldValueOf = heldValueOf;
  }

  /** Returns the object's place. {@link unregister} needs it to find the object. */
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

  /** Registers all objects that are still waiting, so that the garbage collector can find them from now on. */
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
