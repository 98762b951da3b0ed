import type { NodeId } from "@parley/cluster";
import type { ChannelId } from "@parley/protocol";
import type { Homes } from "../channel/homes.ts";
import type { CallOff, Clock } from "../clock.ts";
import type { Peers } from "../peer/peers.ts";

interface Home {
  readonly node: NodeId;
  readonly epoch: number;
}

/** Without an answer by then the relay goes on unconfirmed, and its head checks stand in. */
const confirmMs = 400;
/** What is not confirmed is told again so often: the word, or its answer, was lost. */
const againMs = 1_000;
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
  /** Declared to their homes, which have not said so yet. */
  private readonly unconfirmed = new Set<ChannelId>();
  private readonly waiting = new Map<ChannelId, (() => void)[]>();
  private readonly gathered = new Map<NodeId, ChannelId[]>();
  private readonly onLate: (channel: ChannelId) => void;
  private readonly stop: CallOff;
  private isGathering = false;

  /**
   * `onLate`: the channel was confirmed after its log had been read. What was appended in between was sent to nobody
   * here, so its head must be compared (attach, confirmed, *then* read: rule 17).
   */
  constructor(clock: Clock, homes: Homes, peers: Peers, onLate: (channel: ChannelId) => void) {
    this.clock = clock;
    this.onLate = onLate;
    this.stop = clock.every(againMs, () => this.tellAgain());
    this.homes = homes;
    this.peers = peers;
  }

  /** Resolves when the home has confirmed, or when there is nobody to wait for. */
  declare(channel: ChannelId): Promise<void> {
    const home = this.note(channel);
    // Our own relay hears everything by a call.
    if (home === this.homes.self || !this.peers.isUp) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.clock.after(confirmMs, () => this.goOn(channel));
      const done = (): void => {
        stop();
        resolve();
      };
      const others = this.waiting.get(channel);
      if (others === undefined) this.waiting.set(channel, [done]);
      else others.push(done);
      this.gather(home, channel);
    });
  }

  withdraw(channel: ChannelId): void {
    const home = this.declared.get(channel)?.node;
    this.declared.delete(channel);
    this.unconfirmed.delete(channel);
    if (home !== undefined && home !== this.homes.self) {
      this.peers.send(home, { type: "uninterest", channels: [channel] });
    }
  }

  /** `from` sends us the events of these channels from now on; of use only where it is still their home. */
  onConfirmed(from: NodeId, channels: readonly ChannelId[]): void {
    for (const channel of channels) {
      if (this.declared.get(channel)?.node !== from) continue;
      const isWaitedFor = this.waiting.has(channel);
      if (this.unconfirmed.delete(channel) && !isWaitedFor) this.onLate(channel);
      this.goOn(channel);
    }
  }

  close(): void {
    this.stop();
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

  private tellAgain(): void {
    if (!this.peers.isUp) return;
    for (const channel of this.unconfirmed) {
      const home = this.declared.get(channel)?.node;
      if (home !== undefined) this.gather(home, channel);
    }
  }

  private goOn(channel: ChannelId): void {
    const waiting = this.waiting.get(channel) ?? [];
    this.waiting.delete(channel);
    for (const done of waiting) done();
  }

  private redeclare(channel: ChannelId): void {
    const home = this.note(channel);
    if (home !== this.homes.self) this.gather(home, channel);
  }

  private note(channel: ChannelId): NodeId {
    const node = this.homes.homeOf(channel);
    this.declared.set(channel, { node, epoch: this.homes.epochOf(node) });
    if (node === this.homes.self) this.unconfirmed.delete(channel);
    else this.unconfirmed.add(channel);
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
        this.peers.send(home, { type: "interest", channels: part }, () => {
          for (const channel of part) this.goOn(channel);
        });
      }
    }
  }
}
