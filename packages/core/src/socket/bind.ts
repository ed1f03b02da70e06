import { detailsOf } from "../address/encode.js";
import { type AddressInput, encodeAddress, type UnixPathAddress } from "../address/index.js";
import { unpolluted } from "../arguments.js";
import { invalidArgValue } from "../errors.js";
import { binding } from "../native/load.js";
import { BIND } from "../reasons/bind.js";
import { withReason } from "../reasons/reasons.js";
import type { BoundPath } from "../socket-file/bound-path.js";
import { failure } from "../syscalls/failure.js";
import { interfacesOf } from "../syscalls/kernel-interfaces.js";
import { type BindPathOptions, bindPath } from "./bind-path.js";

/**
 * Binds a socket to an address. For a path, sets its permissions and replaces a stale file.
 *
 * `open` returns the socket's descriptor, or throws if the program has closed the socket. It is called anew after each wait, because
 * the kernel may have given the number to another file. If there is a path, `onPath` gets it at once: if the caller had to await it,
 * the program could close the socket before, and the path would stay.
 */
export async function bindTo(
  open: () => number,
  at: AddressInput,
  options: BindPathOptions,
  onPath: (path: BoundPath | undefined) => void,
): Promise<void> {
  const { path } = unpolluted(at) as Partial<UnixPathAddress>;
  if (path !== undefined) {
    await bindPath(open, path, options, onPath);
    return;
  }
  if (options.mode !== undefined) throw invalidArgValue("options.mode", "needs an address with a path");
  if (options.unlink !== undefined) throw invalidArgValue("options.unlink", "needs an address with a path");
  bindSync(open(), at);
}

/** Makes one call of bind(2). */
export function bindSync(fd: number, at: AddressInput): void {
  const result = binding().bind(fd, encodeAddress(at, "at", interfacesOf(fd)));
  if (result < 0) throw withReason(failure(result, "bind", detailsOf(at)), BIND, { fd, address: at });
}
