const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Whether objects and arrays in this JSON text are nested more than `levelsMax` deep. One pass, no recursion, so that
 * it is safe to ask before `JSON.parse`, which takes 200,000 levels while `JSON.stringify` gives up at some 7,000.
 * Text that is not JSON gets some answer; it is refused by the parser afterwards.
 */
export function isDeeperThan(text: string, levelsMax: number): boolean {
  let level = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) {
      at = endOfString(text, at);
    } else if (unit === openBrace || unit === openBracket) {
      level++;
      if (level > levelsMax) return true;
    } else if (unit === closeBrace || unit === closeBracket) {
      level--;
    }
  }
  return false;
}

/** Where the string that begins at `start` ends; `indexOf` jumps over long texts faster than a loop does. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === backslash) before--;
  return (at - before) % 2 === 0;
}
