import { checkArray, checkInt32, checkInteger, checkObject } from "../arguments.js";
import { readI32, readU16, write32, writeU16 } from "../wire/bytes.js";
import { both } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";

/** Streams of an association that begin anew. */
export interface SctpStreams {
  association: number;
  /** SCTP_STREAM_RESET_INCOMING | SCTP_STREAM_RESET_OUTGOING. */
  flags: number;
  /** Their numbers; none: all. */
  streams: number[];
}

/** struct sctp_reset_streams, include/uapi/linux/sctp.h. */
const FLAGS = 4;
const COUNT = 6;
const STREAMS = 8;
const MAX_COUNT = 0xffff;

export const sctpStreams: Payload<SctpStreams> = {
  ctype: "struct sctp_reset_streams",
  size: both(STREAMS),
  align: both(4),
  room: both(STREAMS + 2 * MAX_COUNT),
  read(bytes, at, length) {
    const count = readU16(bytes, at + COUNT);
    if (length < STREAMS + 2 * count) return undefined;
    return {
      association: readI32(bytes, at),
      flags: readU16(bytes, at + FLAGS),
      streams: Array.from({ length: count }, (_, i) => readU16(bytes, at + STREAMS + 2 * i)),
    };
  },
  measure(value, _encoding, argument) {
    const { streams } = checkObject(argument, value);
    return STREAMS + 2 * checkArray(`${argument}.streams`, streams, MAX_COUNT).length;
  },
  write(bytes, at, { association, flags, streams }, _encoding, argument) {
    write32(bytes, at, checkInt32(`${argument}.association`, association));
    writeU16(bytes, at + FLAGS, checkInteger(`${argument}.flags`, flags, 0, 0xffff));
    writeU16(bytes, at + COUNT, streams.length);
    checkArray(`${argument}.streams`, streams).forEach((stream, i) => {
      writeU16(bytes, at + STREAMS + 2 * i, checkInteger(`${argument}.streams[${i}]`, stream, 0, 0xffff));
    });
  },
};
