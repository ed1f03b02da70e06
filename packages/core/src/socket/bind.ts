import { detailsOf } from "../address/encode.js";
import { type Address, encodeAddress, type UnixPathAddress } from "../address/index.js";
import { unpolluted } from "../arguments.js";
import { invalidArgValue } from "../errors.js";
import { binding } from "../native/load.js";
import type { BoundPath } from "../socket-file/bound-path.js";
import { failure } from "../syscalls/failure.js";
import { interfacesOf } from "../syscalls/kernel-interfaces.js";
import { bindPath } from "./bind-path.js";
import type { CheckedOptions } from "./creation-options.js";

/** Binds a socket to an address. For a path, sets its permissions and replaces a stale file. */
export async function bindTo(
  fd: number,
  at: Address,
  options: CheckedOptions,
): Promise<BoundPath | undefined> {
  const { path } = unpolluted(at) as Partial<UnixPathAddress>;
  if (path !== undefined) return bindPath(fd, path, options);
  if (options.mode !== undefined) throw invalidArgValue("options.mode", "needs an address with a path");
  if (options.unlink !== undefined) throw invalidArgValue("options.unlink", "needs an address with a path");
  const result = binding().bind(fd, encodeAddress(at, "at", interfacesOf(fd)));
  if (result < 0) throw failure(result, "bind", detailsOf(at));
  return undefined;
}
