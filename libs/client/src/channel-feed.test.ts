import type { EventFrame } from "@parley/protocol";
import { expect, test, vi } from "vitest";
import { ChannelFeed, type FeedPorts } from "./channel-feed.ts";
import { ClientError } from "./client-error.ts";
import { ManualClock } from "./testing.ts";
import type { HistoryPage } from "./types.ts";

function message(seq: number): EventFrame {
  return { type: "event", channel: "c", seq, kind: "message", sender: "bob", time: seq, text: `m${seq}` };
}

function messages(from: number, to: number): EventFrame[] {
  return Array.from({ length: to - from + 1 }, (_, at) => message(from + at));
}

/** A feed whose history is `log`, and everything that it handed over. */
function makeFeed(cursor: number, log: EventFrame[], ports: Partial<FeedPorts> = {}) {
  const seen: number[] = [];
  const gaps: string[] = [];
  const errors: ClientError[] = [];
  const clock = new ManualClock();
  const reads: number[] = [];
  const feed = new ChannelFeed("c", cursor, {
    clock,
    random: () => 0,
    bufferMax: 100,
    deliver: (event) => {
      seen.push(event.seq);
      return undefined;
    },
    deliverReset: (_channel, head) => {
      seen.push(-head);
      return undefined;
    },
    readPage: async (_channel, after, limit): Promise<HistoryPage> => {
      reads.push(after);
      const events = log.filter(({ seq }) => seq > after).slice(0, limit);
      return { events, complete: events.at(-1)?.seq === log.at(-1)?.seq };
    },
    onGap: (_channel, from, to) => gaps.push(`${from}-${to}`),
    onError: (error) => errors.push(error),
    ...ports,
  });
  return { feed, seen, gaps, errors, clock, reads };
}

test("events in order are handed over at once, without a promise", () => {
  const { feed, seen } = makeFeed(0, []);
  for (const event of messages(1, 3)) feed.accept(event);
  expect(seen).toEqual([1, 2, 3]);
  expect(feed.cursor).toBe(3);
});

test("an event that was handed over before is dropped", () => {
  const { feed, seen } = makeFeed(2, []);
  for (const seq of [1, 2, 3, 3, 2, 4]) feed.accept(message(seq));
  expect(seen).toEqual([3, 4]);
});

test("the cursor moves when the handler has returned, and the next event waits for that", async () => {
  const handlers: (() => void)[] = [];
  const { feed } = makeFeed(0, [], { deliver: () => new Promise((resolve) => handlers.push(resolve)) });
  feed.accept(message(1));
  feed.accept(message(2));
  expect(handlers).toHaveLength(1);
  expect(feed.cursor).toBe(0);
  expect(feed.tail).toBe(2);
  handlers[0]?.();
  await vi.waitFor(() => expect(handlers).toHaveLength(2));
  expect(feed.cursor).toBe(1);
});

test("a noop takes its number and is shown to nobody", () => {
  const { feed, seen } = makeFeed(0, []);
  feed.accept({ type: "event", channel: "c", seq: 1, kind: "noop", sender: "x", time: 1 });
  feed.accept(message(2));
  expect(seen).toEqual([2]);
  expect(feed.cursor).toBe(2);
});

test("a gap is read page by page before the later events are handed over", async () => {
  const log = messages(1, 450);
  const { feed, seen, gaps, reads } = makeFeed(1, log);
  feed.acceptGap(2, 449);
  feed.accept(message(450));
  expect(seen).toEqual([]);
  await vi.waitFor(() => expect(feed.cursor).toBe(450));
  expect(seen).toEqual(log.slice(1).map(({ seq }) => seq));
  expect(gaps).toEqual(["2-449"]);
  expect(reads).toEqual([1, 201, 401]);
});

test("a hole that nobody announced is found and read", async () => {
  const { feed, seen, gaps } = makeFeed(0, messages(1, 5));
  feed.accept(message(1));
  feed.accept(message(4));
  feed.accept(message(5));
  await vi.waitFor(() => expect(feed.cursor).toBe(5));
  expect(seen).toEqual([1, 2, 3, 4, 5]);
  expect(gaps).toEqual(["2-3"]);
});

test("what a new session repeats closes a hole that history has not closed yet", async () => {
  const { feed, seen } = makeFeed(0, [], { readPage: () => new Promise(() => {}) });
  feed.accept(message(1));
  feed.accept(message(3));
  feed.accept(message(2));
  feed.accept(message(4));
  expect(seen).toEqual([1, 2, 3, 4]);
});

test("numbers that history does not serve lie outside our membership: they are skipped, after looking again", async () => {
  const log = [...messages(1, 2), ...messages(8, 9)];
  const { feed, seen, clock, reads } = makeFeed(2, log.slice(0, 2));
  feed.acceptGap(3, 7);
  feed.accept(message(8));
  await vi.waitFor(() => expect(reads).toHaveLength(1));
  for (let look = 2; look <= 3; look += 1) {
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(300);
    await vi.waitFor(() => expect(reads).toHaveLength(look));
  }
  await vi.waitFor(() => expect(seen).toEqual([8]));
  expect(feed.cursor).toBe(8);
});

test("a page with numbers left out inside it is taken as it is", async () => {
  const { feed, seen } = makeFeed(0, [...messages(1, 2), ...messages(6, 9)]);
  feed.acceptGap(1, 9);
  await vi.waitFor(() => expect(feed.cursor).toBe(9));
  expect(seen).toEqual([1, 2, 6, 7, 8, 9]);
});

test("a channel that is not ours to read any more is not asked for again", async () => {
  const readPage = vi.fn(() => Promise.reject(new ClientError("not_member", "no member")));
  const { feed } = makeFeed(3, [], { readPage });
  feed.acceptGap(4, 9);
  await vi.waitFor(() => expect(feed.cursor).toBe(9));
  expect(readPage).toHaveBeenCalledTimes(1);
});

test.each([7, 8, 9])("at most %i events beyond a slow handler are kept; the rest is read again", async (count) => {
  const log = messages(1, count);
  const handlers: (() => void)[] = [];
  const seen: number[] = [];
  const deliver = (event: EventFrame): Promise<void> => {
    seen.push(event.seq);
    return new Promise((resolve) => handlers.push(resolve));
  };
  const { feed, reads } = makeFeed(0, log, { bufferMax: 8, deliver });
  for (const event of log) feed.accept(event);
  expect(feed.tail).toBe(Math.min(count, 8));
  await vi.waitFor(() => {
    handlers.shift()?.();
    expect(feed.cursor).toBe(count);
  });
  expect(seen).toEqual(log.map(({ seq }) => seq));
  expect(reads).toEqual(count > 8 ? [8] : []);
});

test("more events behind a hole than there is room for are dropped and read again", async () => {
  const log = messages(1, 40);
  const { feed, seen } = makeFeed(0, log, { bufferMax: 8 });
  for (const event of log.slice(5)) feed.accept(event);
  await vi.waitFor(() => expect(feed.cursor).toBe(40));
  expect(seen).toEqual(log.map(({ seq }) => seq));
});

test("a handler that throws gets the event again, five times in all, and is then reported and passed", async () => {
  const deliver = vi.fn((event: EventFrame) => {
    if (event.seq === 1) throw new Error("no");
    return undefined;
  });
  const { feed, clock, errors } = makeFeed(0, [], { deliver });
  feed.accept(message(1));
  feed.accept(message(2));
  await vi.waitFor(() => {
    clock.advance(10_000);
    expect(feed.cursor).toBe(2);
  });
  expect(deliver.mock.calls.map(([event]) => event.seq)).toEqual([1, 1, 1, 1, 1, 2]);
  expect(errors.map(({ code }) => code)).toEqual(Array(5).fill("handler_failed"));
});

test("a history that cannot be read now is read later", async () => {
  const answers = [new ClientError("timeout", "no answer"), { events: messages(1, 2), complete: true }];
  const readPage = async (): Promise<HistoryPage> => {
    const answer = answers.shift();
    if (answer === undefined || answer instanceof ClientError) throw answer;
    return answer;
  };
  const { feed, seen, clock, errors } = makeFeed(0, [], { readPage });
  feed.acceptGap(1, 2);
  await vi.waitFor(() => {
    clock.advance(10_000);
    expect(seen).toEqual([1, 2]);
  });
  expect(errors.map(({ code }) => code)).toEqual(["timeout"]);
});

test("a reset drops what is queued, comes after the handler at work, and moves the cursor to the head", async () => {
  const handlers: (() => void)[] = [];
  const seen: number[] = [];
  const deliver = (event: EventFrame): Promise<void> => {
    seen.push(event.seq);
    return new Promise((resolve) => handlers.push(resolve));
  };
  const deliverReset = (_channel: string, head: number): undefined => {
    seen.push(-head);
  };
  const { feed } = makeFeed(10, [], { deliver, deliverReset });
  for (const event of messages(11, 13)) feed.accept(event);
  feed.acceptReset(5);
  feed.accept(message(6));
  expect(seen).toEqual([11]);
  handlers.shift()?.();
  await vi.waitFor(() => expect(seen).toEqual([11, -5, 6]));
  expect(feed.cursor).toBe(5);
});

test("after close nothing more is handed over", async () => {
  const { feed, seen } = makeFeed(0, messages(1, 9));
  feed.acceptGap(1, 9);
  feed.close();
  await Promise.resolve();
  expect(seen).toEqual([]);
});

test("a page that ends inside what came live meanwhile leaves no hole unread", async () => {
  const log = messages(1, 51);
  const pages: (() => void)[] = [];
  const readPage = (_channel: string, after: number): Promise<HistoryPage> =>
    new Promise((resolve) => {
      const events = log.filter(({ seq }) => seq > after).slice(0, 7);
      pages.push(() => resolve({ events, complete: events.at(-1)?.seq === 51 }));
    });
  const { feed, seen } = makeFeed(16, [], { readPage });
  feed.noteHead(51);
  for (const seq of [23, 26, 27, 29]) feed.accept(message(seq));
  await vi.waitFor(() => {
    pages.shift()?.();
    expect(feed.cursor).toBe(51);
  });
  expect(seen).toEqual(messages(17, 51).map(({ seq }) => seq));
});
