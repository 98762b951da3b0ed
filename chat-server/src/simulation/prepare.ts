import { type Fault, group, type PlannedWish, type Scenario } from "./scenario.ts";

/** Scenarios that bring one thing about more often than chance does. */
type Prepare = (scenario: Scenario) => Scenario;

const calm = { drop: 0, double: 0, delayMs: 5 };

/** Nothing but sessions that move. */
export const onlyMoves: Prepare = (scenario) => ({
  ...scenario,
  faults: scenario.faults.filter(({ kind }) => kind === "reconnect" || kind === "move"),
});

/** Replies get lost while the majority lags, and primaries change. */
export const unsteady: Prepare = (scenario) => {
  const faults: Fault[] = [];
  const slow = { lostReply: 0.6, lostRequest: 0, late: 0, failedRead: 0, lagMs: 400 };
  for (let at = 0; at < scenario.healAt; at += 150) {
    faults.push({ at, kind: "store", ms: 150, faults: slow }, { at: at + 75, kind: "election", channel: group });
  }
  return { ...scenario, faults };
};

/** The wishes become others, but for those that make channels. */
function instead(scenario: Scenario, kindOf: (choice: number) => PlannedWish["kind"] | undefined): Scenario {
  const wishes = scenario.wishes.map((wish) => {
    const kind = wish.kind === "create" ? undefined : kindOf(wish.choice);
    return kind === undefined ? wish : { ...wish, kind };
  });
  return { ...scenario, wishes };
}

function over(scenario: Scenario, faults: readonly Fault[]): Scenario {
  return { ...scenario, faults };
}

/** People come and go, and hardly anybody says a word. */
export const restless: Prepare = (scenario) =>
  instead(scenario, (choice) => (choice % 5 === 0 ? undefined : choice % 2 === 0 ? "invite" : "remove"));

/** The same, over a bus that loses most. */
export const restlessOverBadBus: Prepare = (scenario) =>
  over(restless(scenario), [{ at: 0, kind: "bus", ms: scenario.healAt, faults: { ...calm, drop: 0.6, delayMs: 50 } }]);

/** Who is a member changes while messages are sent, from outboxes that send ahead. */
export const contested: Prepare = (scenario) => ({
  ...instead(scenario, (choice) => (choice % 3 === 0 ? "message" : choice % 2 === 0 ? "invite" : "remove")),
  devices: scenario.devices.map((device) => ({ ...device, isChained: true, window: 4 })),
});

/** The same, over a bus that is very late, and says of what it delivers that it failed. */
export const contestedOverLateBus: Prepare = (scenario) =>
  over(contested(scenario), [
    { at: 0, kind: "bus", ms: scenario.healAt, faults: { drop: 0.5, double: 0, delayMs: 1_500 } },
  ]);

/** One device says everything, and moves meanwhile, over a bus that is very late. */
export const oneSpeaker: Prepare = (scenario) => {
  const { faults, devices } = contestedOverLateBus(scenario);
  const spoken = instead(scenario, () => "message");
  const wishes = spoken.wishes.map((wish) => (wish.kind === "create" ? wish : { ...wish, device: 0 }));
  const moved = wishes.map(({ at, choice }): Fault => ({ at: at + (choice % 60), kind: "move", device: 0 }));
  return { ...spoken, wishes, devices, faults: [...faults, ...moved] };
};

/** Hardly anything is said, and all of it while the first sessions arrive. */
export const early: Prepare = (scenario) => ({
  ...scenario,
  faults: [],
  wishes: scenario.wishes.slice(0, 3).map((wish) => ({ ...wish, at: 20 + (wish.choice % 150) })),
});

/** The same, over a bus that doubles, and is late. */
export const restlessOverDoublingBus: Prepare = (scenario) =>
  over(restless(scenario), [
    { at: 0, kind: "bus", ms: scenario.healAt, faults: { ...calm, double: 0.6, delayMs: 300 } },
  ]);

/** The same, while homes move all the time and the store answers badly. */
export const restlessWhileHomesMove: Prepare = (scenario) => {
  const faults: Fault[] = [{ at: 0, kind: "store", ms: scenario.healAt, faults: bad }];
  for (let server = 0; server < scenario.servers; server++) {
    faults.push({ at: server * 300, kind: "flap", server, times: 6 });
  }
  return over(restless(scenario), faults);
};

const bad = { lostReply: 0.3, lostRequest: 0.1, late: 0.3, failedRead: 0.1, lagMs: 40 };

/** Sessions move while much is said. */
export const chatty: Prepare = (scenario) => {
  const spoken = instead(scenario, (choice) => (choice % 6 === 0 ? undefined : "message"));
  return over(spoken, [...scenario.faults, ...moves(scenario)]);
};

/** Sessions come from where the bus works to where it does not, and pages are read. */
export const movingOverBadBus: Prepare = (scenario) => {
  const spoken = instead(scenario, (choice) => (choice % 3 === 0 ? "page" : "message"));
  const faults = { drop: 0.5, double: 0, delayMs: 50 };
  return over(spoken, [{ at: 0, kind: "bus", ms: scenario.healAt, faults }, ...moves(scenario)]);
};

function moves(scenario: Scenario): Fault[] {
  return scenario.wishes.map(({ at, choice }) => ({
    at: at + (choice % 40),
    kind: choice % 3 === 0 ? "reconnect" : "move",
    device: choice % scenario.devices.length,
  }));
}

/** Nothing is wrong but the bus, which is away now and then. */
export const busComesAndGoes: Prepare = (scenario) => {
  const faults: Fault[] = [];
  for (const { at, choice } of scenario.wishes) {
    if (choice % 4 === 0) faults.push({ at: Math.max(0, at - 20), kind: "bus-away", ms: 200 });
  }
  return over(scenario, faults);
};

/** Messages are edited and deleted, pages read, and servers die under it. */
export const edited: Prepare = (scenario) => {
  const kinds = ["message", "edit", "delete", "page", "edit", "page", "delete"] as const;
  const faults: Fault[] = scenario.wishes
    .filter(({ choice }) => choice % 5 === 0)
    .map(({ at, choice }) => ({ at: at + 30, kind: "kill", server: choice % scenario.servers, downMs: 300 }));
  return over(
    instead(scenario, (choice) => kinds[choice % kinds.length]),
    [{ at: 0, kind: "store", ms: scenario.healAt, faults: { ...bad, failedRead: 0.25 } }, ...faults],
  );
};

/** One person writes some messages, edits them over and over, and deletes them, while the store answers badly. */
export const rewritten: Prepare = (scenario) => {
  const base = { device: 0, channel: group, user: "bob", isRaw: false };
  const kinds = ["edit", "page", "edit", "delete"] as const;
  const wishes: PlannedWish[] = [{ ...base, at: 0, kind: "create", choice: 0 }];
  for (const at of [300, 310, 320, 330, 340]) wishes.push({ ...base, at, kind: "message", choice: 1 });
  for (const { at, choice } of scenario.wishes) {
    wishes.push({
      ...base,
      at: 600 + (at % 3_000),
      kind: kinds[choice % kinds.length] ?? "page",
      choice: 1 + ((choice >> 3) % 5),
    });
  }
  const faults = { ...bad, lostReply: 0, late: 0, failedRead: 0.3 };
  const made = over(scenario, [{ at: 500, kind: "store", ms: scenario.healAt, faults }]);
  return { ...made, initial: new Map(), wishes: wishes.sort((a, b) => a.at - b.at) };
};

/** Much is said, and read at once. */
export const reading: Prepare = (scenario) => instead(scenario, (choice) => (choice % 2 === 0 ? "page" : "message"));
