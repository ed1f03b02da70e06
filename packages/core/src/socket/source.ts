import { SOL_SOCKET } from "../constants/levels.js";
import { SO_DOMAIN } from "../constants/socket.js";
import { adoptNamed, FileDescriptor, hold, moveIn } from "../descriptor.js";
import { ENOTSOCK } from "../errno.js";
import { codedError, type SystemError } from "../errors.js";
import { fromNodeSocket, type LeftBehind } from "../interop/node-socket.js";
import { RESULT_GENERATION } from "../native/binding.js";
import { binding } from "../native/load.js";
import { openFile } from "../reasons/open-file.js";
import { type Reasons, withReason, withShortage } from "../reasons/reasons.js";
import { failure } from "../syscalls/failure.js";
import { getInt } from "../syscalls/int-option.js";
import { factsOf, type SocketFacts } from "./facts.js";
import { prepare } from "./readiness.js";

interface TakenOver {
  descriptor: FileDescriptor;
  /** Returns the descriptor for the new owner, and what else it takes over. */
  commit: () => LeftBehind & { descriptor: FileDescriptor };
  /** Leaves everything as it was. */
  undo: () => void;
}

/** Finds the descriptor of a source. The source keeps it until `commit`, when nothing can fail any more. */
export function takeOver(source: unknown): TakenOver {
  // Do this first: after `commit`, nothing may fail.
  prepare();
  if (typeof source === "number") {
    const descriptor = adoptNamed("source", source);
    return {
      descriptor,
      commit: () => ({ descriptor: moveIn(descriptor) }),
      undo: () => void descriptor.detach(),
    };
  }
  if (FileDescriptor.isFileDescriptor(source)) {
    if (source.fd < 0) {
      throw codedError(
        "ERR_SENDMSG_CLOSED",
        'The "source" argument is a FileDescriptor that was closed, detached or handed over',
      );
    }
    return {
      descriptor: source,
      commit: () => ({
        // A FileDescriptor of another installed copy of the library is in that copy's custody.
        descriptor: moveIn(
          source instanceof FileDescriptor
            ? source
            : FileDescriptor.adopt((source as FileDescriptor).detach()),
        ),
      }),
      undo: () => {},
    };
  }
  const { fd, end } = fromNodeSocket(source, (number) => getInt(number, SOL_SOCKET, SO_DOMAIN));
  const native = binding();
  const duplicate = native.dup(fd);
  if (duplicate < 0) throw withShortage(failure(duplicate, "fcntl"));
  const descriptor = hold(duplicate, native.result[RESULT_GENERATION]!);
  return {
    descriptor,
    commit: () => ({ ...end(), descriptor: moveIn(descriptor) }),
    undo: () => descriptor.close(),
  };
}

const NO_SOCKET: Reasons<number> = {
  [ENOTSOCK]: (fd) => {
    const file = openFile(fd);
    return (
      `source is descriptor ${fd}, which is ${file === undefined ? "" : `${file}, and `}no socket. ` +
      "To own it, use FileDescriptor.adopt(); to send it, put it in message.fds"
    );
  },
};

/** Asks the kernel for the facts of a source that is to become a Socket or Listener. */
export function factsOfSource(fd: number): SocketFacts {
  try {
    return factsOf(fd);
  } catch (error) {
    throw withReason(error as SystemError, NO_SOCKET, fd);
  }
}
