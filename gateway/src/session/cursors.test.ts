import { array, assert, constantFrom, integer, nat, property, record } from "fast-check";
import { expect, test } from "vitest";
import { ChannelTable } from "./channel-table.ts";
import { Cursors } from "./cursors.ts";

test("cursors behave like a map, with few channels and with many, and hold the table no longer than needed", () => {
  const operation = record({
    what: constantFrom("follow", "set", "drop"),
    channel: integer({ min: 0, max: 40 }).map((n) => `c${n}`),
    seq: nat(),
  });
  assert(
    property(array(operation, { maxLength: 200 }), (operations) => {
      const table = new ChannelTable();
      const cursors = new Cursors();
      const model = new Map<string, number>();
      for (const { what, channel, seq } of operations) {
        const ref = table.find(channel);
        if (what === "follow") {
          cursors.follow(table, channel, seq);
          model.set(channel, seq);
        } else if (what === "drop") {
          cursors.drop(table, channel);
          model.delete(channel);
        } else if (ref !== undefined && model.has(channel)) {
          cursors.set(ref, seq);
          model.set(channel, seq);
        }
      }
      expect(new Map(cursors.entries())).toEqual(model);
      for (const channel of model.keys()) {
        const ref = table.find(channel);
        expect(ref && cursors.get(ref)).toBe(model.get(channel));
      }
      expect(table.size).toBe(model.size);
      cursors.releaseAll(table);
      expect(table.size).toBe(0);
    }),
  );
});

test("a channel named twice at the start is followed once", () => {
  const table = new ChannelTable();
  const cursors = new Cursors();
  cursors.start(table, [
    ["a", 1],
    ["b", 2],
    ["a", 3],
  ]);
  expect(cursors.entries()).toEqual([
    ["a", 3],
    ["b", 2],
  ]);
  cursors.releaseAll(table);
  expect(table.size).toBe(0);
});

test("one object and one name serve all sessions of a channel", () => {
  const table = new ChannelTable();
  const [a, b] = [new Cursors(), new Cursors()];
  a.start(table, [["room", 1]]);
  b.start(table, [["room", 9]]);
  const ref = table.find("room");
  expect(ref?.followers).toBe(2);
  a.releaseAll(table);
  expect(table.find("room")).toBe(ref);
});
