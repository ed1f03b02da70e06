import type { AddressInput, UnixPathAddress } from "../address/index.js";
import { unpolluted } from "../arguments.js";
import { invalidArgValue } from "../errors.js";
import type { BoundPath } from "../socket-file/bound-path.js";
import { type BindPathOptions, bindPath } from "./bind-path.js";
import { bindSync } from "./bind-sync.js";

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
