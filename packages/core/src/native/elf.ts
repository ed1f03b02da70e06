import { fs } from "../builtins.js";

// Offsets in Elf32_Ehdr and Elf64_Ehdr: include/uapi/linux/elf.h.
const EI_CLASS = 4;
const EI_DATA = 5;
const ELFCLASS32 = 1;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const E_MACHINE = 18;
const HEADER_SIZE = 64;

/** e_machine by number: include/uapi/linux/elf-em.h, with Node's names for the architectures. */
const MACHINES: ReadonlyMap<number, string> = new Map([
  [3, "ia32"],
  [8, "mips"],
  [21, "ppc64"],
  [22, "s390x"],
  [40, "arm"],
  [62, "x64"],
  [183, "arm64"],
  [243, "riscv64"],
  [258, "loong64"],
]);

export type ElfFile =
  | { kind: "not-elf" }
  | { kind: "truncated"; size: number; expected: number }
  | { kind: "elf"; machine: string };

/**
 * Checks a shared object's header, because dlopen(3) does not: it maps a truncated file, and then SIGBUS kills the process. Throws
 * the errors of open(2) and read(2).
 */
export function readElf(path: string): ElfFile {
  const header = Buffer.alloc(HEADER_SIZE);
  const fd = fs().openSync(path, "r");
  let size: number;
  try {
    fs().readSync(fd, header, 0, HEADER_SIZE, 0);
    size = fs().fstatSync(fd).size;
  } finally {
    fs().closeSync(fd);
  }
  if (header.toString("latin1", 0, EI_CLASS) !== "\x7fELF") return { kind: "not-elf" };
  if (size < HEADER_SIZE) return { kind: "truncated", size, expected: HEADER_SIZE };

  const little = header[EI_DATA] === ELFDATA2LSB;
  const u16 = (offset: number) => (little ? header.readUInt16LE(offset) : header.readUInt16BE(offset));
  const u32 = (offset: number) => (little ? header.readUInt32LE(offset) : header.readUInt32BE(offset));
  const u64 = (offset: number) =>
    Number(little ? header.readBigUInt64LE(offset) : header.readBigUInt64BE(offset));

  const wide = header[EI_CLASS] === ELFCLASS64;
  if (!wide && header[EI_CLASS] !== ELFCLASS32) return { kind: "not-elf" };
  // A linker writes the table of section headers last: e_shoff + e_shnum * e_shentsize. So a complete file has all of it.
  const sections = wide ? u64(40) : u32(32);
  const end = sections + (wide ? u16(58) * u16(60) : u16(46) * u16(48));
  if (size < end) return { kind: "truncated", size, expected: end };

  const number = u16(E_MACHINE);
  return { kind: "elf", machine: MACHINES.get(number) ?? `machine ${number}` };
}
