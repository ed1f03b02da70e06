import { familyNumber } from "../address/family.js";
import { SOCK_DGRAM, SOCK_STREAM } from "../constants/socket-types.js";
import type { OptionEntry } from "../options/entry.js";
import { optionTable, type SettableOption } from "../options/table.js";
import { SocketOptionAccess } from "../socket/option-access.js";
import { close, socket } from "../syscalls/index.js";

/** A feature that some kernels lack. */
export interface Feature {
  /** The option's name in the kernel. */
  name: string;
  /** What a program can do with it. */
  what: string;
  /** The first version of Linux that has it. */
  since: string;
  present: boolean;
  /** Why the feature is missing, according to the kernel. */
  reason?: string;
}

const TYPES = { stream: SOCK_STREAM, dgram: SOCK_DGRAM } as const;

/** Tries each feature on a temporary socket. Needs the native layer. */
export function kernelFeatures(): Feature[] {
  const features: Feature[] = [];
  for (const [name, entry] of Object.entries<OptionEntry>(optionTable())) {
    const { feature, constant, since, families: [family = "ipv4"] = [] } = entry;
    if (feature === undefined) continue;
    const tried = { name: constant, what: feature.what, since };
    let fd = -1;
    try {
      fd = socket(familyNumber(family), TYPES[feature.type]);
      // We set the option and don't read it, because SO_INQ can't be read.
      new SocketOptionAccess({ open: () => fd }, familyNumber(family)).set(
        name as SettableOption,
        feature.value as never,
      );
      features.push({ ...tried, present: true });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      features.push({ ...tried, present: false, reason: code ?? message });
    } finally {
      if (fd >= 0) close(fd);
    }
  }
  return features;
}
