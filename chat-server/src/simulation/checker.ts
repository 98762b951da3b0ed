import type { ChannelId, Seq } from "@parley/protocol";
import type { LogEvent } from "@parley/store";
import { decide, pointsAt, type Target } from "../channel/decide.ts";
import { ChannelFold } from "../channel/fold.ts";
import { type AppendRequest, requestKey } from "../channel/request.ts";
import { checkDelivery } from "./check-delivery.ts";
import { checkPage } from "./check-page.ts";
import type { Attempt, History } from "./history.ts";
import { logLimits, type Scenario } from "./scenario.ts";
import type { StoreModel } from "./store-model.ts";

/** Checks the invariants over a whole history, once everything has come to rest. */
export function checkHistory(history: History, stores: ReadonlyMap<ChannelId, StoreModel>, scenario: Scenario): void {
  for (const [channel, store] of stores) {
    const log = new FinalLog(channel, store);
    const initial = scenario.initial.get(channel) ?? [];
    log.checkNumbers(history, hasHole(initial));
    log.checkAllowed(history, new Set(initial));
    for (const attempt of history.attempts) if (attempt.request.channel === channel) log.checkAnswer(history, attempt);
    log.checkOperations(history);
    log.checkOrder(history);
    for (const socket of history.sockets) checkDelivery(history, socket, channel, log.events, store);
    for (const page of history.pages) if (page.channel === channel) checkPage(history, page, log.events, store);
  }
  checkCreations(history, stores);
}

/** Rule 18: one request, one channel; and two people have one direct channel. */
function checkCreations(history: History, stores: ReadonlyMap<ChannelId, StoreModel>): void {
  const made = new Map<string, ChannelId>();
  for (const [channel, store] of stores) {
    const [first] = store.everything();
    if (first?.body.kind !== "created") continue;
    const { channelKind, members } = first.body;
    const pair = members.map(({ user }) => user).sort();
    const key = channelKind === "direct" ? `the direct channel of ${pair.join(" and ")}` : `request ${first.id}`;
    const other = made.get(key);
    if (other !== undefined) history.violate("18", `${key} is there twice, as ${other} and as ${channel}`);
    made.set(key, channel);
  }
}

function hasHole(log: readonly LogEvent[]): boolean {
  return log.some(({ seq }, at) => seq !== at + 1);
}

class FinalLog {
  readonly channel: ChannelId;
  readonly events: readonly LogEvent[];
  private readonly store: StoreModel;
  private readonly byKey = new Map<string, LogEvent>();
  /** folds[n] is the fold of 1..n. */
  private readonly folds: ChannelFold[] = [new ChannelFold()];

  constructor(channel: ChannelId, store: StoreModel) {
    this.channel = channel;
    this.store = store;
    this.events = store.everything();
    for (const event of this.events) {
      this.byKey.set(requestKey(event.sender, event.id), event);
      const fold = this.folds[this.folds.length - 1]?.clone() ?? new ChannelFold();
      fold.apply(event);
      this.folds.push(fold);
    }
  }

  /** C2 and C3. */
  checkNumbers(history: History, isRestored: boolean): void {
    for (const [at, event] of this.events.entries()) {
      if (event.seq !== at + 1) return history.violate("C3", `${this.channel}: ${event.seq} stands at place ${at + 1}`);
      // In a restored log the ordinals and the chain run across what was lost.
      if (isRestored) continue;
      const before = this.events[at - 1];
      const ordinal = (before?.ordinal ?? 0) + (event.body.kind === "message" ? 1 : 0);
      if (event.ordinal !== ordinal)
        history.violate("C3", `${this.channel} ${event.seq}: ordinal ${event.ordinal}, not ${ordinal}`);
      const control = this.folds[at]?.lastControl ?? 0;
      if (event.control !== control)
        history.violate("C3", `${this.channel} ${event.seq}: control ${event.control}, not ${control}`);
      if (before !== undefined && event.time < before.time)
        history.violate("C3", `${this.channel} ${event.seq}: time runs back`);
    }
    if (this.byKey.size !== this.events.length) history.violate("C2", `${this.channel}: an id is there twice`);
  }

  /** Each event was allowed by the fold before it (rule 5). */
  checkAllowed(history: History, initial: ReadonlySet<LogEvent>): void {
    for (const event of this.events) {
      if (initial.has(event) || event.body.kind === "noop") continue;
      const operation = history.operations.find(
        ({ request }) =>
          request.sender === event.sender && request.hash === event.hash && request.channel === this.channel,
      );
      if (operation === undefined) {
        history.violate("C5", `${this.channel} ${event.seq}: nobody has sent it`);
        continue;
      }
      const decision = this.decideAt(operation.request, event.seq - 1);
      if (decision.kind === "append") continue;
      const reason = decision.kind === "refuse" ? `${decision.answer.code} ${decision.answer.message}` : "exists";
      history.violate(
        "5",
        `${this.channel} ${event.seq} of ${event.sender}: not allowed by the log before it: ${reason}`,
      );
    }
  }

  checkAnswer(history: History, attempt: Attempt): void {
    const { answer, request, sentAt, answeredAt } = attempt;
    if (answer === undefined) return;
    const name = describe(attempt);
    if (answer.ok) {
      const event = this.events[answer.seq - 1];
      const isOurs =
        event !== undefined &&
        event.sender === request.sender &&
        event.id === request.id &&
        event.hash === request.hash;
      const isExisting = request.wish.kind === "create" && event?.body.kind === "created";
      if (!isOurs && !isExisting) history.violate("C1", `${name}: acked, but the log has something else there`);
      else if (this.store.headAt(answeredAt) < answer.seq)
        history.violate("C1", `${name}: acked before it was durable`);
      return;
    }
    if (answer.code === "unavailable") return;
    // C11: true of some durable state between the request and its answer.
    const from = this.store.headAt(sentAt);
    const to = this.store.headAt(answeredAt);
    for (let head = from; head <= to; head++) if (this.isRefusalTrue(request, answer.code, head)) return;
    history.violate("C11", `${name}: true of no state between ${from} and ${to}`);
  }

  /** C5, and that an operation takes effect once. */
  checkOperations(history: History): void {
    const times = new Map<string, number>();
    for (const event of this.events) {
      const content = event.body.kind === "message" ? `${event.sender} ${event.body.text}` : "";
      if (content !== "") times.set(content, (times.get(content) ?? 0) + 1);
    }
    for (const [content, count] of times)
      if (count > 1) history.violate("C2", `message "${content}" is there ${count} times`);
    for (const { request, state, number } of history.operations) {
      if (request.channel !== this.channel) continue;
      const event = this.byKey.get(requestKey(request.sender, request.id));
      const isIn = event !== undefined && event.hash === request.hash;
      if (state === "refused" && isIn) {
        history.violate(
          "C5",
          `operation ${number} of ${request.sender} was refused for good, and is in the log at ${event.seq}`,
        );
      }
    }
  }

  /** C6: what was acked before another was asked for stands before it; so do one chained device's own requests. */
  checkOrder(history: History): void {
    const acked = history.operations
      .filter(({ state, request, isRaw }) => state === "acked" && request.channel === this.channel && !isRaw)
      .flatMap((operation) => {
        const event = this.byKey.get(requestKey(operation.request.sender, operation.request.id));
        return event === undefined || event.hash !== operation.request.hash ? [] : [{ operation, seq: event.seq }];
      })
      .sort((a, b) => a.seq - b.seq);
    // An id that was used twice links the chain to something else.
    const reused = new Set(history.operations.filter(({ isRaw }) => isRaw).map(({ request }) => request.sender));
    let latest = 0;
    const latestOf = new Map<number, number>();
    for (const { operation, seq } of acked) {
      if (operation.settledAt < latest) {
        history.violate("C6", `${this.channel} ${seq}: acked before an event below it was asked for`);
      }
      latest = Math.max(latest, operation.invokedAt);
      if (!operation.isChained) continue;
      if (reused.has(operation.request.sender)) continue;
      const before = latestOf.get(operation.device) ?? -1;
      if (operation.number < before) {
        history.violate(
          "C6",
          `${this.channel} ${seq}: operation ${operation.number} stands behind ${before} of its own device`,
        );
      }
      latestOf.set(operation.device, Math.max(before, operation.number));
    }
  }

  private isRefusalTrue(request: AppendRequest, code: string, head: Seq): boolean {
    const same = this.byKey.get(requestKey(request.sender, request.id));
    if (same !== undefined && same.seq <= head) return code === "conflict" && same.hash !== request.hash;
    const decision = this.decideAt(request, head);
    return decision.kind === "refuse" && decision.answer.code === code;
  }

  private decideAt(request: AppendRequest, head: Seq) {
    const pointed = pointsAt(request);
    const target = pointed === undefined ? undefined : this.targetAt(pointed, head);
    return decide(request, this.folds[Math.min(head, this.folds.length - 1)] ?? new ChannelFold(), target, logLimits);
  }

  private targetAt(seq: Seq, head: Seq): Target | undefined {
    const event = this.events[seq - 1];
    if (event === undefined || seq > head) return undefined;
    const isDeleted = this.events.slice(0, head).some(({ body }) => body.kind === "delete" && body.target === seq);
    return { isMessage: event.body.kind === "message", sender: event.sender, isDeleted };
  }
}

function describe({ operation, request, answer, sentAt, answeredAt, server }: Attempt): string {
  const said =
    answer === undefined ? "nothing" : answer.ok ? `seq ${answer.seq}` : `${answer.code} (${answer.message})`;
  const wish = JSON.stringify(request.wish);
  return `operation ${operation.number} of ${request.sender} ${request.id} ${wish} at server ${server}, ${sentAt}–${answeredAt} ms, ${said}`;
}
