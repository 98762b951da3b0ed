import type { DownFrame } from "@parley/link";
import type { GatewayConfig } from "../config.ts";
import type { LinkPool } from "../links/link-pool.ts";
import type { ServerLink } from "../links/server-link.ts";
import type { ArrivalOutcome, ClientSession } from "../session/client-session.ts";
import { Lanes } from "./lanes.ts";
import type { Placement } from "./placement.ts";
import type { Surroundings } from "./surroundings.ts";

type AttachedFrame = Extract<DownFrame, { type: "attached" }>;

/** Of `attachesMax`, so many may be moves: who has no chat server at all must not wait behind them. */
const movesShare = 4;

export interface MoverOptions {
  readonly config: GatewayConfig;
  readonly placement: Placement;
  readonly pool: LinkPool;
  readonly surroundings: Surroundings;
  readonly now: () => number;
  readonly nextAttachment: () => number;
  /** The session arrives: it leaves its old place, if it still has one, and is confirmed at this one. */
  readonly onArrived: (session: ClientSession, link: ServerLink, frame: AttachedFrame) => void;
  /** The move is over, well or not. */
  readonly onOver: (session: ClientSession) => void;
  readonly onFailed: (session: ClientSession, error: unknown) => void;
}

/**
 * Moves live sessions that their chat server sends away: **the new place first, then the old one is left**. Until the new
 * chat server has confirmed, the old one serves on, so that nobody waits for a move. Both may send the same events
 * meanwhile; only the current attachment's are written (rule 13), and the cursor drops what is written already (rule 14).
 * **Bounds**: a quarter of `attachesMax` at a time, in order. A session that finds no place stays where it is.
 */
export class Mover {
  readonly #o: MoverOptions;
  readonly #lanes: Lanes;

  constructor(options: MoverOptions) {
    this.#o = options;
    this.#lanes = new Lanes(Math.max(1, Math.floor(options.config.attachesMax / movesShare)));
  }

  /** The session must be live, and not be placed already. */
  start(session: ClientSession): void {
    session.isPlacing = true;
    this.#lanes.add(() =>
      this.#run(session)
        .catch((error: unknown) => this.#o.onFailed(session, error))
        .finally(() => {
          session.isPlacing = false;
          this.#o.onOver(session);
        }),
    );
  }

  /** The new chat server has confirmed. */
  confirm(session: ClientSession, link: ServerLink, frame: AttachedFrame): void {
    const { arrival } = session;
    if (arrival === undefined || arrival.link !== link || arrival.attachment !== frame.attachment) return;
    // What was kept changed at the old place meanwhile (somebody is watched, the token is another): once more, with that.
    const isStale = arrival.kept !== session.kept || arrival.tokenExpiresAt !== session.tokenExpiresAt;
    if (isStale) return this.end(session, "stale");
    link.arriving.delete(frame.attachment);
    session.arrival = undefined;
    // A channel that was left at the old place meanwhile goes on from where it was left: the new place, which has begun
    // before that, tells the leave again, or what came after it.
    const baseline = frame.baseline.map(([channel, seq]) => [channel, arrival.left.get(channel) ?? seq] as const);
    this.#o.onArrived(session, link, { ...frame, baseline });
    arrival.waiter("attached");
  }

  /** The attempt at a new place is over: it was lost, took too long, or is of no use any more. */
  end(session: ClientSession, outcome: Exclude<ArrivalOutcome, "attached">): void {
    const { arrival } = session;
    if (arrival === undefined) return;
    session.arrival = undefined;
    arrival.link.leave(arrival.attachment, outcome !== "closed");
    arrival.waiter(outcome);
  }

  /** From the sweep. */
  tick(session: ClientSession, now: number): void {
    if (session.arrival !== undefined && now >= session.arrival.by) this.end(session, "timeout");
  }

  async #run(session: ClientSession): Promise<void> {
    const { config, placement, pool, surroundings, now } = this.#o;
    const failed = new Set<string>();
    const until = now() + config.replaceDeadlineMs;
    // A getter's answer may change across an await, which control flow can't know.
    const isWanted = (): boolean => session.stage === "live" && now() < until;
    while (isWanted()) {
      const target = await placement.place(session.user, surroundings.avoided(session, failed));
      if (!isWanted()) return;
      if (target === undefined) {
        failed.clear();
        if (!surroundings.isDraining(session.shunned)) session.shunned = undefined;
        await surroundings.viewChange();
        continue;
      }
      const link = await pool.open(target).catch(() => undefined);
      if (!isWanted()) return;
      const outcome = link?.isOpen === true ? await this.#arrive(session, link) : "lost";
      if (outcome === "attached") {
        session.shunned = undefined;
        return;
      }
      if (outcome !== "stale") failed.add(target.node);
    }
  }

  #arrive(session: ClientSession, link: ServerLink): Promise<ArrivalOutcome> {
    const attachment = this.#o.nextAttachment();
    const { kept, tokenExpiresAt } = session;
    const by = this.#o.now() + this.#o.config.attachTimeoutMs;
    link.arriving.set(attachment, session);
    return new Promise((waiter) => {
      session.arrival = { link, attachment, by, waiter, kept, tokenExpiresAt, left: new Map() };
      link.attach(session, attachment);
    });
  }
}
