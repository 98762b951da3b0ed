import type { Seq } from "@parley/protocol";
import { RelayChannel } from "../relay/relay-channel.ts";
import type { RelayedEvent } from "../relay/relayed-event.ts";
import {
  acksBeforePersisted,
  everybodyIsMember,
  headIsHighest,
  judgesOnRunInFlight,
  marksAfterAppend,
  marksOnce,
  publishesBeforeCommitted,
  refusesWithoutRead,
  takesNextSlot,
  trustsPrimaryForDuplicates,
} from "./mutant-effects.ts";
import { type Fault, group, type Scenario } from "./scenario.ts";
import type { SessionModel } from "./session-model.ts";
import type { Mutation } from "./world.ts";

export interface Mutant {
  readonly name: string;
  /** Number of the rule of the log that it breaks, or the invariant. */
  readonly rule: string;
  readonly mutation: Mutation;
  /** Invariants of which at least one must be found broken. */
  readonly caughtBy: readonly string[];
  readonly runsMax: number;
  /** Where the search begins; not far before the first catch, so that tests are short. */
  readonly firstSeed?: number;
  readonly prepare?: (scenario: Scenario) => Scenario;
  /** It shows only where an id is used twice for different things, which the checkers of whole histories do not judge. */
  readonly needsRaw?: boolean;
  /** The layers that are switched off for it, without the mutation: only where this holds is a catch one. */
  readonly control?: Mutation;
}

/** Delivers what it has delivered already. */
class ForgetfulRelay extends RelayChannel<SessionModel> {
  private readonly again: (from: Seq, payloads: readonly Uint8Array[]) => void;

  constructor(...[channel, start, effects]: ConstructorParameters<typeof RelayChannel<SessionModel>>) {
    super(channel, start, effects);
    this.again = effects.deliver;
  }

  override learn(events: readonly RelayedEvent[]): void {
    for (const { seq, payload } of events) if (seq <= this.cursor) this.again(seq, [payload]);
    super.learn(events);
  }
}

/** Goes on behind a hole. */
class HastyRelay extends RelayChannel<SessionModel> {
  override learn(events: readonly RelayedEvent[]): void {
    for (const event of events) {
      if (event.seq > this.cursor) this.cursor = event.seq - 1;
      super.learn([event]);
    }
  }
}

const isAboutId = (message: string): boolean => message.startsWith("id: already used with");
const onlyMoves = (scenario: Scenario): Scenario => ({
  ...scenario,
  faults: scenario.faults.filter(({ kind }) => kind === "reconnect" || kind === "move"),
});

/** Replies get lost while the majority lags, and primaries change. */
const unsteady = (scenario: Scenario): Scenario => {
  const faults: Fault[] = [];
  const slow = { lostReply: 0.6, lostRequest: 0, late: 0, failedRead: 0, lagMs: 400 };
  for (let at = 0; at < scenario.healAt; at += 150) {
    faults.push({ at, kind: "store", ms: 150, faults: slow }, { at: at + 75, kind: "election", channel: group });
  }
  return { ...scenario, faults };
};

/** People come and go, and hardly anybody says a word. */
const restless = (scenario: Scenario): Scenario => ({
  ...scenario,
  wishes: scenario.wishes.map((wish) =>
    wish.kind === "create" || wish.choice % 5 === 0
      ? wish
      : { ...wish, kind: wish.choice % 2 === 0 ? "invite" : "remove" },
  ),
});

/** The same, over a bus that loses most. */
const restlessOverBadBus = (scenario: Scenario): Scenario => ({
  ...restless(scenario),
  faults: [{ at: 0, kind: "bus", ms: scenario.healAt, drop: 0.6, double: 0, delayMs: 50 }],
});

/** The same, over a bus that doubles, and is late. */
const restlessOverDoublingBus = (scenario: Scenario): Scenario => ({
  ...restless(scenario),
  faults: [{ at: 0, kind: "bus", ms: scenario.healAt, drop: 0, double: 0.6, delayMs: 300 }],
});

const noGatewayChecks: Mutation = { hasNoGatewayChecks: true };
const noHeadChecks: Mutation = { hasNoHeadChecks: true, hasFaultlessBus: true, hasNoSweep: true };

/** Every rule that lives in what is simulated, broken once; each must be found within its runs. */
export const mutants: readonly Mutant[] = [
  {
    name: "treat a timeout as failed and take the next seq",
    rule: "1",
    mutation: { logEffects: takesNextSlot },
    caughtBy: ["C3", "C9", "C1", "C2"],
    runsMax: 200,
  },
  {
    name: "an unordered run",
    rule: "1",
    mutation: { store: { isUnordered: true } },
    caughtBy: ["5", "C3", "C6"],
    runsMax: 1_000,
  },
  {
    name: "the head is the highest seq",
    rule: "2",
    mutation: { loaded: headIsHighest },
    caughtBy: ["C3", "C9"],
    runsMax: 500,
  },
  {
    name: "reads show what the majority has not got",
    rule: "3",
    mutation: { store: { readsPrimary: true } },
    caughtBy: ["C1", "C5", "C7", "C11"],
    runsMax: 200,
  },
  {
    name: "ack a duplicate without reading it back",
    rule: "4",
    mutation: { logEffects: trustsPrimaryForDuplicates },
    caughtBy: ["C1", "C7"],
    runsMax: 200,
    prepare: unsteady,
  },
  {
    name: "rights judged at the session only",
    rule: "5",
    mutation: { loaded: everybodyIsMember, judgesAtSession: true },
    caughtBy: ["5"],
    runsMax: 200,
  },
  {
    name: "a refusal from a stale home",
    rule: "6",
    mutation: { logEffects: refusesWithoutRead },
    caughtBy: ["C11", "C9"],
    runsMax: 300,
  },
  {
    name: "a refusal rests on a run in flight",
    rule: "7",
    mutation: { logEffects: judgesOnRunInFlight((answer) => !answer.ok && !isAboutId(answer.message)) },
    caughtBy: ["C11"],
    runsMax: 1_000,
  },
  {
    name: "`conflict` against an event in flight",
    rule: "8",
    mutation: { logEffects: judgesOnRunInFlight((answer) => !answer.ok && isAboutId(answer.message)) },
    caughtBy: ["C11"],
    needsRaw: true,
    runsMax: 1_000,
  },
  {
    name: "a refusal settles an id of which another copy is under way",
    rule: "9",
    mutation: { forgetsOpenCopies: true },
    caughtBy: ["C5"],
    runsMax: 3_000,
  },
  {
    name: "a forwarded request that the bus has doubled is done twice",
    rule: "9",
    mutation: { doesDoublesTwice: true },
    caughtBy: ["C5"],
    runsMax: 1_500,
    prepare: restlessOverDoublingBus,
  },
  {
    name: "what the bus says it has lost counts as no copy any more",
    rule: "9",
    mutation: { trustsLosses: true },
    caughtBy: ["C5"],
    runsMax: 3_000,
    prepare: restlessOverBadBus,
  },
  {
    name: "an unknown outcome is taken for a refusal",
    rule: "9",
    mutation: { takesUnavailableForRefused: true },
    caughtBy: ["C5"],
    runsMax: 200,
  },
  {
    name: "a new id on retry",
    rule: "9",
    mutation: { takesNewIdOnRetry: true },
    caughtBy: ["C2", "C5", "C1"],
    runsMax: 200,
  },
  {
    name: "a successor gets the prev of one that is not settled",
    rule: "10",
    mutation: { relinksUnsettled: true },
    caughtBy: ["C6"],
    runsMax: 1_000,
  },
  {
    name: "a relayed event is taken for the ack of another with its id",
    rule: "11",
    mutation: { acksByIdAlone: true },
    caughtBy: ["C1"],
    runsMax: 1_000,
  },
  {
    name: "the old attachment's frames accepted",
    rule: "13",
    mutation: { takesOldAttachments: true, ...noGatewayChecks },
    caughtBy: ["C4", "C8"],
    runsMax: 300,
    control: noGatewayChecks,
  },
  {
    name: "hand-over with the server's cursor",
    rule: "14",
    mutation: { handsServerCursorOver: true },
    caughtBy: ["C4"],
    runsMax: 300,
  },
  {
    name: "delivery goes on after a removal",
    rule: "15",
    mutation: {
      relayed: (events) =>
        events.map((event) =>
          event.body?.kind === "member" && (event.body.change === "removed" || event.body.change === "left")
            ? { ...event, body: undefined }
            : event,
        ),
    },
    caughtBy: ["C8", "C9"],
    runsMax: 200,
  },
  {
    name: "head read before SUBSCRIBE is confirmed",
    rule: "17",
    firstSeed: 300,
    mutation: { readsBeforeConfirmed: true, ...noHeadChecks },
    caughtBy: ["C9"],
    runsMax: 500,
    prepare: onlyMoves,
    control: noHeadChecks,
  },
  {
    name: "heads are never compared",
    rule: "17",
    mutation: { hasNoHeadChecks: true },
    caughtBy: ["C9"],
    runsMax: 300,
  },
  {
    name: "the word of a join is told once and never looked for",
    rule: "19",
    mutation: { hasNoSweep: true },
    caughtBy: ["C9"],
    runsMax: 300,
    prepare: restlessOverBadBus,
  },
  {
    name: "the user index is written after the join",
    rule: "19",
    mutation: { logEffects: marksAfterAppend },
    caughtBy: ["19"],
    runsMax: 50,
  },
  {
    name: "a renumbered join is not marked again",
    rule: "19",
    mutation: { logEffects: marksOnce },
    caughtBy: ["19"],
    runsMax: 3_000,
  },
  {
    name: "a channel found in the index begins at the index's mark",
    rule: "19",
    mutation: { trustsIndexMark: true },
    caughtBy: ["C4"],
    runsMax: 3_000,
    prepare: restless,
  },
  {
    name: "ack before persist",
    rule: "C1",
    mutation: { logEffects: acksBeforePersisted },
    caughtBy: ["C1", "C7"],
    runsMax: 50,
  },
  {
    name: "publish before commit",
    rule: "C7",
    mutation: { logEffects: publishesBeforeCommitted },
    caughtBy: ["C7", "C5", "C1"],
    runsMax: 50,
  },
  {
    name: "no dedupe in the relay",
    rule: "C4",
    mutation: { relay: (...options) => new ForgetfulRelay(...options), ...noGatewayChecks },
    caughtBy: ["C4"],
    runsMax: 100,
    control: noGatewayChecks,
  },
  {
    name: "a relay that does not mend holes",
    rule: "C4",
    mutation: { relay: (...options) => new HastyRelay(...options), ...noGatewayChecks },
    caughtBy: ["C4", "C9"],
    runsMax: 500,
    control: noGatewayChecks,
  },
];
