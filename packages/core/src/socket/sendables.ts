import { checkArray } from "../arguments.js";
import { SCM_MAX_FD } from "../constants/socket.js";
import { notAList } from "../interop/sendable.js";

/** Checks a list of descriptors to send. Returns a copy, because the caller may change the list. */
export function checkSendables(argument: string, fds: unknown): readonly unknown[] {
  if (!Array.isArray(fds)) throw notAList(argument, fds);
  return checkArray(argument, fds, SCM_MAX_FD, "SCM_MAX_FD");
}
