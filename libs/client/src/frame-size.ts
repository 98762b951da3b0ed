/** A frame's default bound on the server; a larger one would end the socket instead of being answered. */
export const frameBytesMax = 64 * 1_024;

export function isTooLarge(frame: string): boolean {
  // Three bytes a UTF-16 unit is the most that UTF-8 takes: only what could be too large is measured.
  return frame.length * 3 > frameBytesMax && new TextEncoder().encode(frame).length > frameBytesMax;
}
