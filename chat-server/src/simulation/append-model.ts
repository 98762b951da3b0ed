import type { ChannelId } from "@parley/protocol";
import { ForwardedCalls } from "../channel/forwarded-calls.ts";
import { type Answer, type AppendRequest, requestKey } from "../channel/request.ts";
import type { RelayedEvent } from "../relay/relayed-event.ts";
import type { LogHostModel } from "./log-host-model.ts";
import type { Incarnation } from "./timeline.ts";
import type { Asker, World } from "./world.ts";

const forwardAgainMs = 60;
const appendSelfMs = 200;
const giveUpMs = 900;

interface Call {
  readonly request: AppendRequest;
  readonly asker: Asker;
  readonly startedAt: number;
  copies: number;
  isOurs: boolean;
}

/** What `AppendHost` does, on virtual time: to the home, again, and then by our own hand (rules 9 and 11). */
export class AppendModel {
  private readonly world: World;
  private readonly node: number;
  private readonly owner: Incarnation;
  private readonly logs: LogHostModel;
  private readonly calls = new Map<number, Call>();
  private readonly forwarded = new ForwardedCalls();
  private nextCall = 1;

  constructor(world: World, node: number, owner: Incarnation, logs: LogHostModel) {
    this.world = world;
    this.node = node;
    this.owner = owner;
    this.logs = logs;
    // A restarted server must not take an answer to its former self for its own.
    this.nextCall = world.random.below(2 ** 30);
  }

  append(request: AppendRequest, asker: Asker): void {
    const number = this.nextCall++;
    const call: Call = { request, asker, startedAt: this.world.timeline.now, copies: 0, isOurs: false };
    this.calls.set(number, call);
    const home = this.world.homeOf(request.channel, this.node);
    if (home === this.node) this.appendHere(number, call);
    else this.forward(number, call, home);
  }

  onForwarded(from: number, number: number, request: AppendRequest): void {
    const known = this.world.mutation.doesDoublesTwice ? "new" : this.forwarded.begin(`${from}`, number);
    if (known === "open") return;
    const reply = (answer: Answer): void =>
      this.world.sendPeer(this.node, from, { type: "answer", call: number, answer });
    if (known !== "new") return reply(known);
    this.logs.offer(request, (answer) => {
      this.forwarded.end(`${from}`, number, answer);
      reply(answer);
    });
  }

  onAnswer(number: number, answer: Answer): void {
    this.finish(number, answer, 1);
  }

  onLearned(channel: ChannelId, events: readonly RelayedEvent[]): void {
    for (const event of events) {
      for (const [number, { request }] of this.calls) {
        if (request.channel !== channel) continue;
        if (requestKey(request.sender, request.id) !== requestKey(event.sender, event.id)) continue;
        if (request.hash !== event.hash && !this.world.mutation.acksByIdAlone) continue;
        this.finish(number, { ok: true, seq: event.seq, time: event.time, isDuplicate: false }, 0);
      }
    }
  }

  private appendHere(number: number, call: Call): void {
    call.isOurs = true;
    call.copies++;
    const left = call.startedAt + giveUpMs - this.world.timeline.now;
    this.world.timeline.after(Math.max(left, 0), () => this.giveUp(number), this.owner);
    this.logs.offer(call.request, (answer) => this.finish(number, answer, 1));
  }

  private forward(number: number, call: Call, home: number): void {
    call.copies++;
    this.world.sendPeer(this.node, home, { type: "append", call: number, request: call.request }, () => {
      // No reason to wait, but the copy counts: a publish that took too long may arrive yet.
      if (this.world.mutation.trustsLosses) call.copies--;
      if (this.calls.get(number) === call && !call.isOurs) this.appendHere(number, call);
    });
    const delay = forwardAgainMs + this.world.random.below(20);
    this.world.timeline.after(delay, () => this.again(number, call), this.owner);
  }

  private again(number: number, call: Call): void {
    if (!this.calls.has(number) || call.isOurs) return;
    const home = this.world.homeOf(call.request.channel, this.node);
    const isLate = this.world.timeline.now - call.startedAt >= appendSelfMs;
    if (isLate || home === this.node) this.appendHere(number, call);
    else this.forward(number, call, home);
  }

  private giveUp(number: number): void {
    this.finish(number, { ok: false, code: "unavailable", message: "late", retryAfterMs: 50 }, 0);
  }

  private finish(number: number, answer: Answer, settledCopies: number): void {
    const call = this.calls.get(number);
    if (call === undefined) return;
    this.calls.delete(number);
    const isOpen = !answer.ok && call.copies > settledCopies && !this.world.mutation.forgetsOpenCopies;
    call.asker(isOpen ? { ...answer, isUnknown: true } : answer);
  }
}
