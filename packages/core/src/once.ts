/** Returns a function that makes a value when it is first called, and returns the same value each time. */
export function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
