import { expect, test } from "vitest";
import { isFields } from "../history/content.ts";
import type { Wire } from "../run/wire.ts";
import { createDataFolder, createGroup, createHarness, sendUntilAcked } from "./harness.ts";

async function textsOf(wire: Wire, channel: string): Promise<readonly unknown[]> {
  const answer = await wire.request({ type: "history", id: `h-${Date.now()}`, channel, after: 0, limit: 200 });
  const events = Array.isArray(answer["events"]) ? answer["events"].filter(isFields) : [];
  return events.filter(({ kind }) => kind === "message").map(({ text }) => text);
}

test("a fleet on the embedded store: the store's process is killed while people write, and nothing acked is lost or doubled", async () => {
  const data = await createDataFolder();
  const args = ["--store", "lmdb", "--gateways", "1", "--chat-servers", "2"];
  const { system, open } = await createHarness({ command: "cluster", args, data });
  const [ada, bo] = [await open("ada"), await open("bo")];
  const channel = await createGroup(ada, "room", ["bo"]);
  const send = async (from: number, to: number): Promise<void> => {
    for (let index = from; index < to; index++) {
      const wire = index % 2 === 0 ? ada : bo;
      await sendUntilAcked(wire, { type: "send", id: `m${index}`, channel, text: `text ${index}` });
    }
  };
  await send(0, 20);
  const store = system.processes.find(({ role }) => role === "store");
  expect(store?.node).toBe("store-1");
  const writing = send(20, 60);
  process.kill(store?.pid ?? 0, "SIGKILL");
  await writing;
  const expected = Array.from({ length: 60 }, (_, index) => `text ${index}`);
  expect(await textsOf(bo, channel)).toEqual(expected);
  expect(system.output.some((line) => /store store-1 is back: pid \d+/.test(line))).toBe(true);

  // All of it goes, and another start on the same folder has everything.
  await system.kill();
  const again = await createHarness({ command: "cluster", args, data });
  expect(await textsOf(await again.open("bo"), channel)).toEqual(expected);
});
