import { expect, test } from "vitest";
import { createOwnConnections, type OwnEntry } from "./own-connections.ts";

const present = (connection: string): OwnEntry => ({
  kind: "present",
  user: "ada",
  connection: { connection, device: "phone", gateway: "g", node: "n", epoch: 1, since: 0 },
});
const gone = (connection: string): OwnEntry => ({ kind: "gone", user: "ada", connection, at: 1 });

test("an entry stays to be told until it is settled, and is told again after everything was forgotten", () => {
  const own = createOwnConnections();
  const entry = present("s1");
  own.set(entry);
  expect(own.unsettled()).toEqual([entry]);
  own.settle(entry);
  expect(own.unsettled()).toEqual([]);
  own.unsettleAll();
  expect(own.unsettled()).toEqual([entry]);
});

test("a goodbye replaces the entry, and once settled nothing of the connection is kept", () => {
  const own = createOwnConnections();
  own.set(present("s1"));
  const goodbye = gone("s1");
  own.set(goodbye);
  expect(own.unsettled()).toEqual([goodbye]);
  own.settle(goodbye);
  own.unsettleAll();
  expect(own.unsettled()).toEqual([]);
});

test("settling an entry that was replaced meanwhile leaves the newer one open", () => {
  const own = createOwnConnections();
  const goodbye = gone("s1");
  const again = present("s1");
  own.set(goodbye);
  own.set(again);
  expect([own.isCurrent(goodbye), own.isCurrent(again)]).toEqual([false, true]);
  own.settle(goodbye);
  expect(own.unsettled()).toEqual([again]);
});

test("goodbyes that cannot be said are bounded: the oldest is forgotten first", () => {
  const own = createOwnConnections();
  own.set(present("open"));
  for (let index = 0; index <= 100_000; index += 1) own.set(gone(`s${index}`));
  const waiting = own.unsettled();
  expect(waiting).toHaveLength(100_001);
  expect(waiting).not.toContainEqual(gone("s0"));
  expect(waiting).toContainEqual(present("open"));
});
