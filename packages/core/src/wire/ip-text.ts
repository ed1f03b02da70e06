// IP addresses as text. No names are looked up. Addresses are written in the notation of RFC 5952.

export const IPV4_BYTES = 4;
export const IPV6_BYTES = 16;

const ZERO = 48;
const NINE = 57;
const DOT = 46;
const COLON = 58;

/**
 * Writes the bytes of the IPv4 address in text[from..to). Returns whether the text is one: four decimal numbers without leading
 * zeroes. inet_pton(3) refuses leading zeroes too, because other functions take such numbers for octal.
 */
function parseIpv4(text: string, from: number, to: number, bytes: Uint8Array, at: number): boolean {
  let parts = 0;
  let number = -1;
  for (let i = from; i <= to; i++) {
    const code = i === to ? DOT : text.charCodeAt(i);
    if (code >= ZERO && code <= NINE) {
      if (number === 0) return false;
      number = (number < 0 ? 0 : number * 10) + code - ZERO;
      if (number > 0xff) return false;
    } else if (code === DOT) {
      if (number < 0 || parts === IPV4_BYTES) return false;
      bytes[at + parts++] = number;
      number = -1;
    } else {
      return false;
    }
  }
  return parts === IPV4_BYTES;
}

export const writeIpv4 = (text: string, bytes: Uint8Array, at: number): boolean =>
  parseIpv4(text, 0, text.length, bytes, at);

function hexDigit(code: number): number {
  if (code >= ZERO && code <= NINE) return code - ZERO;
  const lower = code | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/**
 * Writes the bytes of an IPv6 address without a zone. Returns whether `text` is one. If not, some bytes may still have been
 * written.
 */
export function writeIpv6(text: string, bytes: Uint8Array, at: number): boolean {
  const end = text.length;
  let i = 0;
  let written = 0;
  let gap = -1;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false;
    i = 1;
  }
  while (i < end) {
    if (text.charCodeAt(i) === COLON) {
      // A "::" can occur only once.
      if (gap >= 0) return false;
      gap = written;
      i++;
      if (i === end) break;
    }
    const start = i;
    let group = 0;
    for (let digit: number; i < end; i++) {
      digit = hexDigit(text.charCodeAt(i));
      if (digit < 0) break;
      if (i - start === 4) return false;
      group = group * 16 + digit;
    }
    if (i < end && text.charCodeAt(i) === DOT) {
      if (written > IPV6_BYTES - IPV4_BYTES || !parseIpv4(text, start, end, bytes, at + written))
        return false;
      written += IPV4_BYTES;
      break;
    }
    if (i === start || written === IPV6_BYTES) return false;
    bytes[at + written++] = group >>> 8;
    bytes[at + written++] = group;
    if (i === end) break;
    if (text.charCodeAt(i) !== COLON) return false;
    i++;
    if (i === end) return false;
  }
  if (gap < 0) return written === IPV6_BYTES;
  // "::" stands for at least one group.
  if (written === IPV6_BYTES) return false;
  const tail = written - gap;
  bytes.copyWithin(at + IPV6_BYTES - tail, at + gap, at + written);
  bytes.fill(0, at + gap, at + IPV6_BYTES - tail);
  return true;
}

export const readIpv4 = (bytes: Uint8Array, at: number): string =>
  `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;

const GROUPS = 8;
/** The offset of the IPv4 address in ::ffff:a.b.c.d. */
const MAPPED_AT = 12;

function isMapped(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < MAPPED_AT - 2; i++) if (bytes[at + i] !== 0) return false;
  return bytes[at + MAPPED_AT - 2] === 0xff && bytes[at + MAPPED_AT - 1] === 0xff;
}

/** The longest run of two or more zero groups: [begin, end). Of several equally long runs, the first. */
function longestZeroes(groups: readonly number[]): [number, number] {
  let best = [0, 0] as [number, number];
  for (let i = 0; i < GROUPS; i++) {
    let end = i;
    while (end < GROUPS && groups[end] === 0) end++;
    if (end - i >= 2 && end - i > best[1] - best[0]) best = [i, end];
    if (end > i) i = end;
  }
  return best;
}

export function readIpv6(bytes: Uint8Array, at: number): string {
  if (isMapped(bytes, at)) return `::ffff:${readIpv4(bytes, at + MAPPED_AT)}`;
  const groups: number[] = [];
  for (let i = at; i < at + IPV6_BYTES; i += 2) groups.push((bytes[i]! << 8) | bytes[i + 1]!);
  const [begin, end] = longestZeroes(groups);
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":");
  return end === 0 ? hex(0, GROUPS) : `${hex(0, begin)}::${hex(end, GROUPS)}`;
}
