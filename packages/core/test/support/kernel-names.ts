// How socket options and control messages get their names from the kernel's constants. One rule makes all names.

/**
 * Words that the kernel's constants write without a space. In a name, each of these words gets a capital letter. A word that is not
 * listed stays one word: tclass, lowat, timestamping, dmabuf.
 */
const SPLIT =
  "accept conn|addr form|app data|assoc info|assoc len|auth info|auto close|auto flow label|aux data|bind to device|" +
  "bind to if index|del ack|dest name|dont frag|dont need|dont route|dst addr v4|dst addr v6|dst opts|dup ack|err info|" +
  "err queue|fast open|flow info|flow label|free bind|hdr incl|hop limit|hop opts|init msg|keep alive|keep cnt|keep idle|" +
  "keep intvl|max seg|md5 sig|mem info|min hop count|min ttl|no defrag|no delay|no fcs|not sent|nxt info|oob inline|" +
  "orig dev|orig dst addr|pass cred|pass pidfd|pass rights|pass sec|path mtu|peer cred|peer groups|peer sec|pkt info|" +
  "pkt options|pr info|quick ack|rcv buf|rcv buf force|rcv info|rcv lowat|rcv mark|rcv priority|rcv timeo|recv dst opts|" +
  "recv err|recv frag size|recv hop limit|recv hop opts|recv nxt info|recv opts|recv orig dst addr|recv path mtu|" +
  "recv pkt info|recv rcv info|recv rt hdr|recv tclass|recv tos|recv ttl|ret data|ret opts|reuse addr|reuse port|rt hdr|" +
  "rt hdr dst opts|rto info|rx path|snd buf|snd buf force|snd info|snd lowat|snd rcv|snd timeo|syn cnt|timestamp ns|trg cls|" +
  "tx rehash|tx time|v6 only|zero copy";

/** The separate words, by the form that the kernel writes. */
export const WORDS: ReadonlyMap<string, readonly string[]> = new Map(
  SPLIT.split("|").map((words) => [words.replaceAll(" ", ""), words.split(" ")]),
);

/** Prefixes and suffixes that a name does not need. They say: an option; a control message; the usual one of two widths. */
const SAYS_NOTHING = /^(?:SO|SCM)_|(?<=^[A-Z0-9]+_)(?:SO|SCM|CMSG|CM|SOCKOPT)_|(?<=^LLC_)OPT_|_NEW$/g;

/** The name that a constant has in the table of socket options, or of control messages. */
export function nameOf(constant: string): string {
  const rest = constant.replace(SAYS_NOTHING, "").replace("TIME_STAMP", "TIMESTAMP");
  const words = rest.toLowerCase().split("_").flatMap(wordsOf);
  return words.map((word, at) => (at === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join("");
}

/** Puts the number of an RFC at the end. At the beginning, it would follow the 6 of IPV6. */
function wordsOf(part: string): string[] {
  const [, rfc, rest] = /^(2292)?(.*)$/.exec(part)!;
  return [...(WORDS.get(rest!) ?? [rest!]), ...(rfc === undefined ? [] : [rfc])];
}
