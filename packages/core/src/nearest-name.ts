/** The spelling without case, `_`, `-` and spaces: SO_RCVBUF, soRcvBuf and so-rcvbuf are the same. */
const plain = (spelling: string): string => spelling.toLowerCase().replace(/[_\-\s]/g, "");

/** Longer texts are no misspelt names. Comparing them would take long. */
const LONGEST = 48;

/** How many mistakes a name of this length may have. */
const mistakesIn = ({ length }: string): number => (length <= 5 ? 1 : length <= 9 ? 2 : 3);

/**
 * How many mistakes lie between two texts: a letter too many, too few or wrong, or two letters exchanged (optimal string alignment).
 */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const wrong = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + wrong);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, beforeLast[j - 2]! + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/**
 * Returns the name that a program probably meant. A name can have several spellings: its own, and the kernel's constants. An exact
 * spelling wins, then one that differs only in case and underscores, then the one with the fewest mistakes.
 *
 * It is slow, so it is only for making errors.
 */
export function nearestName<N extends string>(
  given: string,
  spellings: Iterable<readonly [spelling: string, name: N]>,
): N | undefined {
  if (given.length > LONGEST) return undefined;
  const list = [...spellings];
  const wanted = plain(given);
  if (wanted === "") return undefined;
  const same =
    list.find(([spelling]) => spelling === given) ?? list.find(([spelling]) => plain(spelling) === wanted);
  if (same) return same[1];
  let nearest: N | undefined;
  let least = mistakesIn(wanted) + 1;
  for (const [spelling, name] of list) {
    const other = plain(spelling);
    if (Math.abs(other.length - wanted.length) >= least) continue;
    const mistakes = distance(wanted, other);
    if (mistakes >= least || mistakes >= other.length) continue;
    nearest = name;
    least = mistakes;
  }
  return nearest;
}

/** Each name as its only spelling. */
export const spelledAs = <N extends string>(names: Iterable<N>): (readonly [N, N])[] =>
  [...names].map((name) => [name, name]);

/** The end of an error: `. Did you mean "rcvBuf"?`, or nothing. */
export const didYouMean = (name: string | undefined): string =>
  name === undefined ? "" : `. Did you mean ${JSON.stringify(name)}?`;
