import { AF_UNIX } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SO_PASSRIGHTS } from "../constants/socket.js";
import { ENOPROTOOPT } from "../errno.js";
import { explain, invalidArgValue } from "../errors.js";
import { explainAge } from "../kernel-version.js";
import { optionTable } from "../options/table.js";
import { failure } from "../syscalls/failure.js";
import { trySetInt } from "../syscalls/int-option.js";
import type { CheckedMaxFds } from "./receive-request.js";

/** Throws for `maxFds: "refuse"` on a socket that is not a Unix socket: only those carry descriptors. */
export function checkRefusable(family: number, maxFds: CheckedMaxFds): void {
  if (maxFds === "refuse" && family !== AF_UNIX) {
    throw invalidArgValue("options.maxFds", 'must not be "refuse" here: only Unix sockets carry descriptors');
  }
}

/**
 * Applies `maxFds: "refuse"`: switches SO_PASSRIGHTS off, so that the kernel fails a send with descriptors. If this comes before
 * bind(2), listen(2) or connect(2), no descriptor can arrive earlier. A connection inherits the setting from its
 * listener, already during the peer's connect(2).
 */
export function refuseDescriptors(fd: number, maxFds: CheckedMaxFds): void {
  if (maxFds !== "refuse") return;
  const result = trySetInt(fd, SOL_SOCKET, SO_PASSRIGHTS, 0);
  if (result >= 0) return;
  const error = failure(result, "setsockopt");
  const why = 'SO_PASSRIGHTS, which maxFds: "refuse" switches off,';
  const { since } = optionTable().passRights;
  const age = result === -ENOPROTOOPT ? explainAge(why, since) : undefined;
  explain(error, age ?? `maxFds: "refuse" switches SO_PASSRIGHTS off, which Linux has since ${since}`);
  throw error;
}
