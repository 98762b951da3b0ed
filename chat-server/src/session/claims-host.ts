import type { Directory } from "@parley/cluster";
import type { UserId } from "@parley/protocol";
import type { Telemetry } from "@parley/telemetry";
import type { Session } from "./session.ts";

/** Longer than a gateway takes from its claim to our attach. */
const rememberMs = 10_000;

/**
 * Gives the claims of users who have left back to the directory, some seconds after the last session: until then a
 * reconnect comes to the same server. Without it users would stick to a server for as long as that lives.
 */
export class ClaimsHost {
  private readonly directory: Directory;
  private readonly telemetry: Telemetry;
  private readonly node: string;
  private readonly epoch: () => number;
  private readonly graceMs: number;
  private readonly leaving = new Map<UserId, NodeJS.Timeout>();
  private readonly released = new Map<UserId, number>();

  constructor(options: {
    directory: Directory;
    telemetry: Telemetry;
    node: string;
    epoch: () => number;
    graceMs: number;
  }) {
    this.directory = options.directory;
    this.telemetry = options.telemetry;
    this.node = options.node;
    this.epoch = options.epoch;
    this.graceMs = options.graceMs;
  }

  /**
   * A session of the user has come. Where the claim was given back while it was on its way, it is taken again; and
   * where another server has it by now, the session follows: all devices of a user meet on one server.
   */
  enter(session: Session): void {
    const { user } = session;
    clearTimeout(this.leaving.get(user));
    this.leaving.delete(user);
    if (!this.released.delete(user)) return;
    this.directory.claim(user, { node: this.node, epoch: this.epoch() }).then(
      (placed) => {
        if (placed.node === this.node || session.isClosed) return;
        session.link.send({ type: "reattach", attachment: session.attachment });
      },
      (error: unknown) => this.telemetry.logger.debug({ err: error }, "claim not renewed"),
    );
  }

  /** The user's last session here has gone. `isMoving`: whoever takes the session over has the claim already. */
  leave(user: UserId, isMoving: boolean): void {
    clearTimeout(this.leaving.get(user));
    this.leaving.delete(user);
    if (isMoving) return;
    this.leaving.set(
      user,
      setTimeout(() => this.release(user), this.graceMs),
    );
  }

  close(): void {
    for (const timer of this.leaving.values()) clearTimeout(timer);
    this.leaving.clear();
  }

  private release(user: UserId): void {
    this.leaving.delete(user);
    const now = Date.now();
    for (const [old, at] of this.released) {
      if (at > now - rememberMs) break;
      this.released.delete(old);
    }
    this.released.set(user, now);
    this.directory.release(user, { node: this.node, epoch: this.epoch() }).catch((error: unknown) => {
      this.telemetry.logger.debug({ err: error }, "claim not given back");
    });
  }
}
