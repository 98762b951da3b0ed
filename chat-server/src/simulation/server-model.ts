import type { ChannelId, Seq, UserId } from "@parley/protocol";
import type { LogEvent } from "@parley/store";
import { decide } from "../channel/decide.ts";
import type { AppendRequest } from "../channel/request.ts";
import type { PeerMessage } from "../peer/messages.ts";
import { AppendModel } from "./append-model.ts";
import { LogHostModel, logLimits } from "./log-host-model.ts";
import { RelayHostModel } from "./relay-host-model.ts";
import { type Down, SessionModel } from "./session-model.ts";
import type { Incarnation } from "./timeline.ts";
import type { Asker, World } from "./world.ts";

/** One incarnation of a chat server: the production state machines with models of their hosts around them. */
export class ServerModel {
  readonly node: number;
  readonly owner: Incarnation = { isDead: false, stalledUntil: 0 };
  readonly logs: LogHostModel;
  readonly relays: RelayHostModel;
  private readonly appends: AppendModel;
  private readonly world: World;
  private readonly sessions = new Map<number, SessionModel>();
  /** The link to the gateway keeps order. */
  private lastDownAt = 0;
  private lastUpAt = 0;

  constructor(world: World, node: number) {
    this.world = world;
    this.node = node;
    this.logs = new LogHostModel(world, this.owner, (channel, events) => this.settled(channel, events));
    this.appends = new AppendModel(world, node, this.owner, this.logs);
    this.relays = new RelayHostModel(
      world,
      node,
      this.owner,
      (user, channel) => this.sessionsWithout(user, channel),
      (channel, events) => this.appends.onLearned(channel, events),
    );
    if (!world.mutation.hasNoSweep) this.sweepLater();
  }

  /** Now and then every session's channels are compared with the user index. */
  private sweepLater(): void {
    this.world.timeline.after(
      500,
      () => {
        for (const session of this.sessions.values()) session.sweep();
        this.sweepLater();
      },
      this.owner,
    );
  }

  receive(from: number, message: PeerMessage): void {
    switch (message.type) {
      case "append":
        this.appends.onForwarded(from, message.call, message.request);
        break;
      case "answer":
        this.appends.onAnswer(message.call, message.answer);
        break;
      case "interest":
        this.relays.addInterest(from, message.channels);
        break;
      case "interested":
        this.relays.onConfirmed(message.channels);
        break;
      case "events":
        this.relays.learn(message.channel, message.events);
        // Appended by a stand-in: the home reads on, and passes it on to all who are interested.
        if (this.world.homeOf(message.channel, this.node) === this.node)
          this.logs.hear(message.channel, message.events.at(-1)?.seq ?? 0);
        break;
      case "joined":
        this.joined(message.channel, message.users, message.seq);
        break;
      default:
        // What is beside the log is not modelled.
        break;
    }
  }

  /** From the gateway, in order. */
  receiveUp(step: () => void): void {
    const { now } = this.world.timeline;
    this.lastUpAt = Math.max(this.lastUpAt, now + this.world.random.between(1, 4));
    this.world.timeline.after(this.lastUpAt - now, step, this.owner);
  }

  attach(attachment: number, user: UserId, cursors: ReadonlyMap<ChannelId, Seq>, isNew: boolean): void {
    const session = new SessionModel({
      user,
      world: this.world,
      owner: this.owner,
      relays: this.relays,
      append: (request, asker) => this.append(request, asker),
      send: (frame) => this.sendDown(attachment, frame),
    });
    this.sessions.set(attachment, session);
    session.attach(cursors, isNew);
  }

  detach(attachment: number): void {
    this.sessions.get(attachment)?.end();
    this.sessions.delete(attachment);
  }

  request(attachment: number, ordinal: number, request: AppendRequest): void {
    this.sessions.get(attachment)?.request(ordinal, request);
  }

  private append(request: AppendRequest, asker: Asker): void {
    const fold = this.relays.relayOf(request.channel)?.fold;
    if (this.world.mutation.judgesAtSession && fold !== undefined && request.wish.kind === "message") {
      const decision = decide(request, fold, undefined, logLimits);
      if (decision.kind === "refuse") return asker(decision.answer);
    }
    this.appends.append(request, asker);
  }

  private settled(channel: ChannelId, events: readonly LogEvent[]): void {
    this.relays.publish(channel, events);
    for (const { body, seq } of events) {
      const users =
        body.kind === "created"
          ? body.members.map((member) => member.user)
          : body.kind === "member" && body.change === "joined"
            ? [body.user]
            : [];
      if (users.length === 0) continue;
      this.joined(channel, users, seq);
      for (const node of this.relays.others())
        this.world.sendPeer(this.node, node, { type: "joined", channel, users, seq });
    }
  }

  private joined(channel: ChannelId, users: readonly UserId[], seq: Seq): void {
    for (const session of this.sessions.values()) if (users.includes(session.user)) session.joined(channel, seq);
  }

  private *sessionsWithout(user: UserId, channel: ChannelId): Iterable<SessionModel> {
    for (const session of this.sessions.values()) {
      if (session.user === user && session.canTake(channel)) yield session;
    }
  }

  private sendDown(attachment: number, frame: Down): void {
    const { now } = this.world.timeline;
    this.lastDownAt = Math.max(this.lastDownAt, now + this.world.random.between(1, 4));
    this.world.timeline.after(this.lastDownAt - now, () => this.world.gateway.receive(attachment, frame));
  }
}
