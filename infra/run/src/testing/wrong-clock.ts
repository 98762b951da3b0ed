const right = globalThis.Date;
let offsetMs = 0;

/** `Date` as a machine has it whose clock is wrong; timers and `performance` go on as they are. */
class WrongDate extends right {
  constructor(...given: [] | [value: number | string | Date]) {
    if (given.length === 0) super(WrongDate.now());
    else super(...given);
  }
  static override now(): number {
    return right.now() + offsetMs;
  }
}

/** The wall clock of this process is wrong by so much from now on. **Repeat**: counted from the right time each time. */
export function setClockOffset(ms: number): void {
  offsetMs = ms;
  globalThis.Date = ms === 0 ? right : (WrongDate as DateConstructor);
}
