import type { ChannelId, Seq } from "@parley/protocol";
import type { CallOff, Clock } from "../clock.ts";

const tickMs = 500;
/** A head is told again this long after its channel went quiet, each time once. */
const echoAfterMs = [1_000, 4_000] as const;
const channelsMax = 50_000;

interface Echo {
  head: Seq;
  at: number;
  told: number;
}

/**
 * A lost last message leaves no hole that anybody could see. So the head of a channel that has just gone quiet is told
 * twice more, to everybody who was told of its events: a few bytes a channel, joined to the publish of a tick.
 * **Bounds**: 50,000 channels; beyond it the relays' own head checks must do.
 */
export class HeadEchoHost {
  private readonly tell: (heads: ReadonlyMap<ChannelId, Seq>) => void;
  private readonly echoes = new Map<ChannelId, Echo>();
  private readonly clock: Clock;
  private readonly stop: CallOff;

  constructor(clock: Clock, tell: (heads: ReadonlyMap<ChannelId, Seq>) => void) {
    this.clock = clock;
    this.tell = tell;
    this.stop = clock.every(tickMs, () => this.tick());
  }

  note(channel: ChannelId, head: Seq): void {
    const echo = this.echoes.get(channel);
    if (echo === undefined) {
      if (this.echoes.size < channelsMax) this.echoes.set(channel, { head, at: this.clock.now(), told: 0 });
      return;
    }
    echo.head = head;
    echo.at = this.clock.now();
    echo.told = 0;
  }

  close(): void {
    this.stop();
  }

  private tick(): void {
    if (this.echoes.size === 0) return;
    const now = this.clock.now();
    const due = new Map<ChannelId, Seq>();
    for (const [channel, echo] of this.echoes) {
      const after = echoAfterMs[echo.told];
      if (after === undefined || now - echo.at < after) continue;
      due.set(channel, echo.head);
      echo.told++;
      if (echo.told === echoAfterMs.length) this.echoes.delete(channel);
    }
    if (due.size > 0) this.tell(due);
  }
}
