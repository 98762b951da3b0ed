import { type Bus, BusError, type BusSubscription } from "@parley/bus";
import type { Incarnation } from "./timeline.ts";
import type { World } from "./world.ts";

export interface BusFaults {
  readonly drop: number;
  readonly double: number;
  /** Longest way of a message, ms; messages overtake each other. */
  readonly delayMs: number;
}

export const noBusFaults: BusFaults = { drop: 0, double: 0, delayMs: 5 };

interface Subscriber {
  readonly owner: Incarnation;
  readonly handler: (payload: Uint8Array) => void;
}

/** The pub/sub of the fleet: worse than the port allows, since what is published may also arrive out of order. */
export class BusModel {
  faults: BusFaults = noBusFaults;
  private isAway = false;
  private readonly world: World;
  private readonly topics = new Map<string, Set<Subscriber>>();
  private readonly watchers = new Set<{ readonly owner: Incarnation; readonly tell: (isUp: boolean) => void }>();

  constructor(world: World) {
    this.world = world;
  }

  /** All connections fall, or are back with their subscriptions confirmed. */
  setAway(isAway: boolean): void {
    if (this.isAway === isAway) return;
    this.isAway = isAway;
    const { random, timeline } = this.world;
    for (const { owner, tell } of this.watchers) {
      timeline.after(
        random.between(1, 50),
        () => {
          if (this.isAway === isAway) tell(!isAway);
        },
        owner,
      );
    }
  }

  /** As one process sees it. */
  portOf(owner: Incarnation): Bus {
    const { random, timeline } = this.world;
    const later = (run: () => void): void => void timeline.after(random.between(1, 5), run, owner);
    const model = this;
    return {
      get isUp() {
        return !model.isAway;
      },
      publish: (topic, payload) =>
        new Promise((resolve, reject) => {
          const fail = (): void => later(() => reject(new BusError("the bus does not answer")));
          if (this.isAway) return fail();
          const receivers = this.topics.get(topic) ?? new Set<Subscriber>();
          const { drop } = this.world.mutation.hasFaultlessBus ? noBusFaults : this.faults;
          if (!random.chance(drop)) {
            for (const receiver of receivers) this.deliver(receiver, payload);
            return later(() => resolve(receivers.size));
          }
          // Lost without a word, or told as failed: and what is told as failed may arrive all the same.
          if (random.chance(0.5)) return later(() => resolve(receivers.size));
          if (random.chance(0.5)) for (const receiver of receivers) this.deliver(receiver, payload);
          fail();
        }),
      subscribe: (topic, handler) =>
        new Promise<BusSubscription>((resolve) => {
          const subscriber = { owner, handler };
          later(() => {
            const others = this.topics.get(topic) ?? new Set();
            this.topics.set(topic, others.add(subscriber));
            resolve({ close: async () => void others.delete(subscriber) });
          });
        }),
      onChange: (tell) => {
        const watcher = { owner, tell };
        this.watchers.add(watcher);
        return () => this.watchers.delete(watcher);
      },
      close: async () => undefined,
    };
  }

  /** The process is gone, and with it its connection. */
  disconnect(owner: Incarnation): void {
    for (const subscribers of this.topics.values()) {
      for (const one of subscribers) if (one.owner === owner) subscribers.delete(one);
    }
    for (const watcher of this.watchers) if (watcher.owner === owner) this.watchers.delete(watcher);
  }

  private deliver(receiver: Subscriber, payload: Uint8Array): void {
    const { random, timeline, mutation } = this.world;
    const { delayMs, double } = mutation.hasFaultlessBus ? noBusFaults : this.faults;
    // Copied: the receiver is another process.
    const copy = (): Uint8Array => Buffer.from(payload);
    for (let copies = random.chance(double) ? 2 : 1; copies > 0; copies--) {
      timeline.after(random.between(1, delayMs), () => {
        if (!this.isAway) timeline.after(0, () => receiver.handler(copy()), receiver.owner);
      });
    }
  }
}
