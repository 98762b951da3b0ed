import { expect, test } from "vitest";
import { Tally } from "./tally.ts";

/** Three members of one room and two of another. */
const rooms = [
  [0, 1, 2],
  [3, 4],
];
const roomOf = (member: number): number => (member < 3 ? 0 : 1);
const base = 500;

function createTally(messagesMax = 100): Tally {
  return new Tally(5, roomOf, messagesMax, base);
}

/** Sends and acks so many messages of a member; their numbers. */
function ackedBy(tally: Tally, member: number, count: number): readonly number[] {
  return Array.from({ length: count }, () => {
    const message = tally.begin(member);
    tally.ack(message);
    return message;
  });
}

function deliver(tally: Tally, members: readonly number[], messages: readonly number[]): void {
  for (const member of members) for (const message of messages) tally.deliver(member, message);
}

test("in a history where all got all in one order there is nothing", () => {
  const tally = createTally();
  deliver(tally, [0, 1, 2], ackedBy(tally, 0, 3));
  deliver(tally, [3, 4], ackedBy(tally, 4, 4));
  // Two pairs, compared with two others; three pairs with one.
  expect(tally.faults(rooms)).toEqual({ due: 17, announced: 0, lost: 0, doubled: 0, pairs: 7, reordered: 0 });
  expect(tally.isSettled((room) => rooms[room]?.length ?? 0)).toBe(true);
});

test("an acked message that one member did not get is lost once, with its first member or another", () => {
  for (const unlucky of [0, 2]) {
    const tally = createTally();
    const [first = 0, second = 0, third = 0] = ackedBy(tally, 1, 3);
    deliver(tally, [unlucky], [first, third]);
    const others = [0, 1, 2].filter((member) => member !== unlucky);
    deliver(tally, others, [first, second, third]);
    expect(tally.faults(rooms)).toMatchObject({ lost: 1, doubled: 0, reordered: 0 });
    expect(tally.isSettled((room) => rooms[room]?.length ?? 0)).toBe(false);
  }
});

test("what was never acked may be missing", () => {
  const tally = createTally();
  const message = tally.begin(3);
  tally.deliver(3, message);
  expect(tally.faults(rooms)).toMatchObject({ due: 0, lost: 0 });
  expect(tally.openCount).toBe(1);
});

test("a delivery beyond the first is doubled, wherever it comes", () => {
  const tally = createTally();
  const messages = ackedBy(tally, 3, 3);
  deliver(tally, [3, 4], messages);
  deliver(tally, [4], messages.slice(0, 2));
  expect(tally.faults(rooms)).toMatchObject({ lost: 0, doubled: 2, reordered: 0 });
});

test("two neighbours in different order are one pair", () => {
  const tally = createTally();
  const [first = 0, second = 0, third = 0] = ackedBy(tally, 3, 3);
  deliver(tally, [3], [first, second, third]);
  deliver(tally, [4], [second, first, third]);
  expect(tally.faults(rooms)).toMatchObject({ lost: 0, doubled: 0, pairs: 2, reordered: 1 });
});

test("rooms are compared within themselves, a lost message with nothing", () => {
  const tally = createTally();
  const [first = 0, second = 0] = ackedBy(tally, 0, 2);
  const other = ackedBy(tally, 3, 1);
  deliver(tally, [0, 1], [first, second]);
  deliver(tally, [2], [second]);
  deliver(tally, [3, 4], other);
  expect(tally.faults(rooms)).toMatchObject({ lost: 1, pairs: 1, reordered: 0 });
});

test("what was acked after the end of owing is owed to nobody, what was acked before still is", async () => {
  const tally = createTally();
  const [before = 0] = ackedBy(tally, 3, 1);
  const after = tally.begin(3);
  tally.stopOwing();
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect(tally.ack(after)).toBe(true);
  expect(tally.faults(rooms)).toMatchObject({ due: 2, lost: 2 });
  deliver(tally, [3, 4], [before]);
  expect(tally.faults(rooms)).toMatchObject({ due: 2, lost: 0 });
});

test("what was announced is counted", () => {
  const tally = createTally();
  tally.announce(3);
  tally.announce(2);
  expect(tally.faults(rooms).announced).toBe(5);
});

test("messages of another phase are none of this one", () => {
  const tally = createTally();
  const [message = 0] = ackedBy(tally, 3, 1);
  expect(message).toBe(base);
  expect(tally.end).toBe(base + 1);
  deliver(tally, [3, 4], [base - 1, message, message + 1]);
  expect(tally.ack(base - 1)).toBe(false);
  expect(tally.ack(message + 1)).toBe(false);
  expect(tally.faults(rooms)).toMatchObject({ lost: 0, doubled: 0, pairs: 0 });
});

test("the window counts what happens in it, a message acked twice once", () => {
  const tally = createTally();
  const [before = 0] = ackedBy(tally, 3, 1);
  tally.openWindow();
  const inside = tally.begin(3);
  expect([tally.ack(inside), tally.ack(inside)]).toEqual([true, false]);
  deliver(tally, [3, 4], [before, inside]);
  tally.refuse(false);
  const window = tally.closeWindow();
  deliver(tally, [3], ackedBy(tally, 3, 1));
  expect(window).toMatchObject({ sent: 1, acked: 1, refused: 1, deliveries: 4 });
  expect(window.ackMs.count).toBe(1);
  expect(window.endToEndMs.count).toBe(4);
});

test("as many messages as were reckoned with, and no more", () => {
  const tally = createTally(2);
  ackedBy(tally, 0, 2);
  expect(() => tally.begin(0)).toThrow("more than 2 messages");
});
