const palette = [
  "cyan",
  "green",
  "yellow",
  "magenta",
  "blueBright",
  "redBright",
  "greenBright",
  "yellowBright",
] as const;

export type Color = (typeof palette)[number] | "red" | "gray" | "white";

/** The same color for a user everywhere. FNV-1a over UTF-16 units: spreads short names well. */
export function colorOf(user: string): Color {
  let hash = 0x811c9dc5;
  for (let at = 0; at < user.length; at += 1) hash = Math.imul(hash ^ user.charCodeAt(at), 0x01000193);
  return palette[(hash >>> 0) % palette.length] ?? "cyan";
}
