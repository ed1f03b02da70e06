import { illegalConstructor } from "./errors.js";

/**
 * A key for constructors that only the library may call: programs get these objects from functions. No entry point exports the key.
 */
export const CONSTRUCT = Symbol("construct");

/** Throws if a program calls the constructor. `instead` completes "Use …": it names the functions that return such objects. */
export function checkConstruct(key: typeof CONSTRUCT, className: string, instead: string): void {
  if (key !== CONSTRUCT) throw illegalConstructor(className, instead);
}
