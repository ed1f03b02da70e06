let warned = false;

/**
 * Descriptors have arrived, and the library closes them only because the program never said `maxFds`. Warns once: a program that
 * wants the descriptors would otherwise look for the mistake in the sender.
 */
export function warnOfDropped(): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    "A message brought descriptors, and the library closed them, because the program has not said how many it accepts. " +
      "To get them, give maxFds where the socket is made, or to recvmsg(): { maxFds: 1 }. " +
      "To drop them without this warning, give { maxFds: 0 }",
    { code: "SENDMSG_FDS_DROPPED" },
  );
}
