import { illegalConstructor } from "./errors.js";

/** What the constructors ask for whose objects programs get from functions. No entry point exports it. */
export const CONSTRUCT = Symbol("construct");

/** `instead` completes "Use …": the functions that give such objects. */
export function checkConstruct(key: typeof CONSTRUCT, className: string, instead: string): void {
  if (key !== CONSTRUCT) throw illegalConstructor(className, instead);
}
