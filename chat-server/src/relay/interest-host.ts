import type { NodeId } from "@parley/cluster";
import type { ChannelId } from "@parley/protocol";
import type { Homes } from "../channel/homes.ts";
import type { Clock } from "../clock.ts";
import type { Peers } from "../peer/peers.ts";

interface Home {
  readonly node: NodeId;
  readonly epoch: number;
}

/** Without an answer by then the relay goes on unconfirmed, and its head checks stand in. */
const confirmMs = 400;
const batchMax = 500;

/**
 * Tells homes which channels have sessions here. Soft state: told again when the home moves or the bus comes back.
 * Gathers for a tick: a herd of reconnects declares thousands of channels at once.
 */
export class InterestHost {
  private readonly clock: Clock;
  private readonly homes: Homes;
  private readonly peers: Peers;
  /** Home, and its incarnation, that each channel was declared to. */
  private readonly declared = new Map<ChannelId, Home>();
  private readonly waiting = new Map<ChannelId, (() => void)[]>();
  private readonly gathered = new Map<NodeId, ChannelId[]>();
  private isGathering = false;

  constructor(clock: Clock, homes: Homes, peers: Peers) {
    this.clock = clock;
    this.homes = homes;
    this.peers = peers;
  }

  /** Resolves when the home has confirmed, or when there is nobody to wait for. */
  declare(channel: ChannelId): Promise<void> {
    const home = this.note(channel);
    // Our own relay hears everything by a call.
    if (home === this.homes.self || !this.peers.isUp) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.clock.after(confirmMs, done);
      function done(): void {
        stop();
        resolve();
      }
      const others = this.waiting.get(channel);
      if (others === undefined) this.waiting.set(channel, [done]);
      else others.push(done);
      this.gather(home, channel);
    });
  }

  withdraw(channel: ChannelId): void {
    const home = this.declared.get(channel)?.node;
    this.declared.delete(channel);
    if (home !== undefined && home !== this.homes.self) {
      this.peers.send(home, { type: "uninterest", channels: [channel] });
    }
  }

  onConfirmed(channels: readonly ChannelId[]): void {
    for (const channel of channels) {
      const waiting = this.waiting.get(channel) ?? [];
      this.waiting.delete(channel);
      for (const done of waiting) done();
    }
  }

  /** The view changed: tells those homes that are others now, or the same started anew. */
  redeclareMoved(): void {
    const epochs = new Map<NodeId, number>();
    for (const [channel, { node, epoch }] of [...this.declared]) {
      if (!epochs.has(node)) epochs.set(node, this.homes.epochOf(node));
      if (this.homes.homeOf(channel) !== node || epochs.get(node) !== epoch) this.redeclare(channel);
    }
  }

  /** The bus was away: homes may have forgotten us. */
  redeclareAll(): void {
    for (const channel of this.declared.keys()) this.redeclare(channel);
  }

  private redeclare(channel: ChannelId): void {
    const home = this.note(channel);
    if (home !== this.homes.self) this.gather(home, channel);
  }

  private note(channel: ChannelId): NodeId {
    const node = this.homes.homeOf(channel);
    this.declared.set(channel, { node, epoch: this.homes.epochOf(node) });
    return node;
  }

  private gather(home: NodeId, channel: ChannelId): void {
    const channels = this.gathered.get(home);
    if (channels === undefined) this.gathered.set(home, [channel]);
    else channels.push(channel);
    if (this.isGathering) return;
    this.isGathering = true;
    // As soon as what runs now is done: a session that is being attached waits for the answer.
    void Promise.resolve().then(() => this.send());
  }

  private send(): void {
    this.isGathering = false;
    const gathered = [...this.gathered];
    this.gathered.clear();
    for (const [home, channels] of gathered) {
      for (let at = 0; at < channels.length; at += batchMax) {
        const part = channels.slice(at, at + batchMax);
        // Nobody is there to confirm: whoever waits goes on at once.
        this.peers.send(home, { type: "interest", channels: part }, () => this.onConfirmed(part));
      }
    }
  }
}
