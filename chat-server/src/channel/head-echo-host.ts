import type { ChannelId, Seq } from "@parley/protocol";
import type { CallOff, Clock } from "../clock.ts";

const tickMs = 500;
/** A head is told again this long after its channel went quiet, each time once. */
const echoAfterMs = [1_000, 4_000, 9_000] as const;
const channelsMax = 50_000;
const joinsMax = 10_000;

interface Echo {
  head: Seq;
  at: number;
  told: number;
}

interface JoinEcho {
  readonly channel: ChannelId;
  readonly users: readonly string[];
  readonly seq: Seq;
  readonly at: number;
  told: number;
}

export interface Echoes {
  heads(heads: ReadonlyMap<ChannelId, Seq>): void;
  joined(channel: ChannelId, users: readonly string[], seq: Seq): void;
}

/**
 * A lost last message leaves no hole that anybody could see. So the head of a channel that has just gone quiet is told
 * three times more, to everybody who was told of its events: a few bytes a channel, joined to the publish of a tick.
 * And so is the word of a join, to all servers. **Bounds**: 50,000 channels, 10,000 joins; beyond it the relays' own
 * head checks and the sweep of the user index must do.
 */
export class HeadEchoHost {
  private readonly tell: Echoes;
  private readonly joins: JoinEcho[] = [];
  private readonly echoes = new Map<ChannelId, Echo>();
  private readonly clock: Clock;
  private readonly stop: CallOff;

  constructor(clock: Clock, tell: Echoes) {
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

  noteJoin(channel: ChannelId, users: readonly string[], seq: Seq): void {
    if (this.joins.length < joinsMax) this.joins.push({ channel, users, seq, at: this.clock.now(), told: 0 });
  }

  close(): void {
    this.stop();
  }

  private tick(): void {
    this.tellJoins();
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
    if (due.size > 0) this.tell.heads(due);
  }

  private tellJoins(): void {
    if (this.joins.length === 0) return;
    const now = this.clock.now();
    for (const join of this.joins) {
      const after = echoAfterMs[join.told];
      if (after === undefined || now - join.at < after) continue;
      join.told++;
      this.tell.joined(join.channel, join.users, join.seq);
    }
    // In the order of their times, so that those that are done stand in front.
    const firstOpen = this.joins.findIndex(({ told }) => told < echoAfterMs.length);
    this.joins.splice(0, firstOpen < 0 ? this.joins.length : firstOpen);
  }
}
