import type { Registry } from "@parley/cluster";
import type { DownFrame } from "@parley/link";
import { closeCode } from "@parley/protocol";
import type { Logger, Metrics } from "@parley/telemetry";
import type { GatewayConfig } from "../config.ts";
import type { Inbound } from "../inbound/inbound.ts";
import type { LinkPool } from "../links/link-pool.ts";
import type { ServerLink } from "../links/server-link.ts";
import type { Outbound } from "../outbound/outbound.ts";
import type { ChannelTable } from "../session/channel-table.ts";
import type { AttachOutcome, ClientSession } from "../session/client-session.ts";
import { Lanes } from "./lanes.ts";
import { Mover } from "./mover.ts";
import type { Placement } from "./placement.ts";
import { Surroundings } from "./surroundings.ts";

/** Sent away twice within this time: the view is behind, go elsewhere. */
const shunMs = 2_000;

export interface AttacherOptions {
  readonly config: GatewayConfig;
  readonly registry: Registry;
  readonly placement: Placement;
  readonly pool: LinkPool;
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  readonly channels: ChannelTable;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/**
 * Brings sessions to chat servers: new ones after `hello`, and live ones whose link fell, whose chat server sent them
 * away (see {@link Mover}), or whose events showed a hole. The socket stays open, the cursors are our own (rule 14), and open requests are
 * sent again. **Bounds**: `attachesMax` sessions at a time, first come first served; a session that no chat server
 * took by its deadline is closed with 4503.
 */
export class Attacher {
  readonly #o: AttacherOptions;
  readonly #lanes: Lanes;
  readonly #surroundings: Surroundings;
  readonly #mover: Mover;
  #lastAttachment = 0;

  constructor(options: AttacherOptions) {
    this.#o = options;
    this.#lanes = new Lanes(options.config.attachesMax);
    this.#surroundings = new Surroundings(options.registry, options.pool);
    this.#mover = new Mover({
      ...options,
      surroundings: this.#surroundings,
      nextAttachment: () => ++this.#lastAttachment,
      onArrived: (session, link, frame) => {
        this.release(session, true);
        this.#hold(session, link, frame.attachment);
        session.stage = "attaching";
        this.#confirm(session, frame);
      },
      onFailed: (session, err) => options.logger.error({ err, session: session.connection }, "move failed"),
      // Its old place was lost on the way, and the new one was not reached.
      onOver: (session) => session.stage === "attaching" && this.start(session, "link"),
    });
  }

  /** Places and attaches the session, wherever it was. `reason` is a metric label. */
  start(session: ClientSession, reason: "hello" | "link" | "asked" | "hole"): void {
    if (session.stage === "closed") return;
    const { config, metrics, now } = this.#o;
    if (reason !== "hello") metrics.gatewayReattaches.of(reason).inc();
    this.release(session, true);
    session.stage = "attaching";
    session.isMending = false;
    session.placeBy = now() + config.replaceDeadlineMs;
    if (session.isPlacing) return;
    session.isPlacing = true;
    this.#lanes.add(() =>
      this.#run(session)
        .catch((err: unknown) => {
          this.#o.logger.error({ err, session: session.connection }, "placement failed");
          this.#o.outbound.close(session, closeCode.unavailable, "no chat server");
        })
        .finally(() => {
          session.isPlacing = false;
          // The link fell between its confirmation and here.
          if (session.stage === "attaching") this.start(session, "link");
        }),
    );
  }

  /** The session leaves its chat server. **Repeat**: does nothing. */
  release(session: ClientSession, isMoving: boolean): void {
    const { link, attachWaiter } = session;
    session.link = undefined;
    session.attachWaiter = undefined;
    if (session.stage === "closed") this.#mover.end(session, "closed");
    if (link !== undefined) {
      this.#o.inbound.markLost(session);
      if (link.sessions.has(session.attachment)) link.detach(session, isMoving);
    }
    attachWaiter?.(session.stage === "closed" ? "closed" : "lost");
  }

  /** The chat server holds the session now; one that it was moving to holds it as well. */
  confirm(session: ClientSession, link: ServerLink, frame: Extract<DownFrame, { type: "attached" }>): void {
    if (link.arriving.has(frame.attachment)) this.#mover.confirm(session, link, frame);
    else this.#confirm(session, frame);
  }

  /** The place that the session was moving to is not to be had. */
  loseArrival(session: ClientSession): void {
    this.#mover.end(session, "lost");
  }

  #confirm(session: ClientSession, frame: Extract<DownFrame, { type: "attached" }>): void {
    if (session.stage !== "attaching") return;
    const { channels, outbound, inbound } = this.#o;
    session.stage = "live";
    if (session.hasWelcome) {
      for (const [channel, seq] of frame.baseline) {
        const ref = channels.find(channel);
        if (ref === undefined || session.cursors.get(ref) === undefined) session.cursors.follow(channels, channel, seq);
        // Live from beyond our cursor: what lies between will not come, and the client must be told.
        else outbound.gap(session, ref, seq);
      }
    } else {
      session.cursors.start(channels, frame.baseline);
      session.helloCursors = undefined;
      if (frame.payload !== undefined) outbound.write(session, frame.payload);
      session.hasWelcome = true;
    }
    inbound.replay(session);
    const waiter = session.attachWaiter;
    session.attachWaiter = undefined;
    waiter?.("attached");
  }

  /** Events came from beyond cursor + 1: what lies between was lost on the way, and only an attach brings it. */
  mend(session: ClientSession): void {
    if (session.stage !== "live" || session.isMending) return;
    if (this.#o.now() < session.mendAfter) {
      session.isMending = true;
      return;
    }
    session.mendAfter = this.#o.now() + this.#o.config.mendEveryMs;
    this.start(session, "hole");
  }

  /** The chat server sends the session away: it drains, or another holds the user. */
  sendAway(session: ClientSession): void {
    const node = session.link?.node;
    const now = this.#o.now();
    const isAgain = session.shunnedAt !== 0 && now - session.shunnedAt < shunMs;
    session.shunned = isAgain || this.#surroundings.isDraining(node) ? node : undefined;
    session.shunnedAt = now;
    if (session.stage !== "live") return this.start(session, "asked");
    // It is on its way already: the server says it again until we are gone.
    if (session.isPlacing) return;
    this.#o.metrics.gatewayReattaches.of("asked").inc();
    this.#mover.start(session);
  }

  /** From the sweep. */
  tick(session: ClientSession, now: number): void {
    this.#mover.tick(session, now);
    if (session.isMending && now >= session.mendAfter) {
      session.isMending = false;
      this.mend(session);
    }
    if (session.attachWaiter === undefined || now < session.attachBy) return;
    const waiter = session.attachWaiter;
    session.attachWaiter = undefined;
    waiter("timeout");
  }

  async #run(session: ClientSession): Promise<void> {
    const { config, placement, pool, outbound, now } = this.#o;
    const failed = new Set<string>();
    const isNew = !session.hasWelcome;
    let aloneSince: number | undefined;
    // A getter's answer may change across an await, which control flow can't know.
    const isWanted = (): boolean => session.stage === "attaching";
    while (isWanted()) {
      const isLate = now() >= session.placeBy;
      const isAlone = isNew && aloneSince !== undefined && now() - aloneSince >= config.noServerWaitMs;
      if (isLate || isAlone) {
        outbound.close(session, closeCode.unavailable, "no chat server");
        return;
      }
      const target = await placement.place(session.user, this.#surroundings.avoided(session, failed));
      if (!isWanted()) return;
      if (target === undefined) {
        aloneSince ??= now();
        failed.clear();
        // Better the one that sent it away than none; one that drains sends it away again.
        if (!this.#surroundings.isDraining(session.shunned)) session.shunned = undefined;
        await this.#surroundings.viewChange();
        continue;
      }
      const link = await pool.open(target).catch(() => undefined);
      if (!isWanted()) return;
      if (link?.isOpen !== true) {
        failed.add(target.node);
        continue;
      }
      const outcome = await this.#attach(session, link);
      if (outcome === "attached") {
        session.shunned = undefined;
        return;
      }
      if (outcome === "timeout") {
        failed.add(target.node);
        this.release(session, true);
      }
    }
  }

  #attach(session: ClientSession, link: ServerLink): Promise<AttachOutcome> {
    const attachment = ++this.#lastAttachment;
    this.#hold(session, link, attachment);
    link.attach(session, attachment);
    session.attachBy = this.#o.now() + this.#o.config.attachTimeoutMs;
    return new Promise((resolve) => {
      session.attachWaiter = resolve;
    });
  }

  #hold(session: ClientSession, link: ServerLink, attachment: number): void {
    session.link = link;
    session.attachment = attachment;
    link.sessions.set(attachment, session);
  }
}
