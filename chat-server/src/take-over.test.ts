import type { LogPage, MessageStore } from "@parley/store";
import { openMemoryStore } from "@parley/store/testing";
import { expect, onTestFinished, test } from "vitest";
import { startTestFleet } from "./testing.ts";

/** Counts the events of all pages that are read from the store. */
function countPages(store: MessageStore): { store: MessageStore; read: () => number } {
  let count = 0;
  const counted = async (page: Promise<LogPage>): Promise<LogPage> => {
    count += (await page).events.length;
    return page;
  };
  const proxy = new Proxy(store, {
    get(target, name) {
      if (name === "readBefore")
        return (...args: Parameters<MessageStore["readBefore"]>) => counted(target.readBefore(...args));
      if (name === "readAfter")
        return (...args: Parameters<MessageStore["readAfter"]>) => counted(target.readAfter(...args));
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { store: proxy, read: () => count };
}

test("a channel is taken over by few reads however long it is: a chat server that died leaves hundreds of them", async () => {
  const { store, read } = countPages(openMemoryStore());
  const fleet = await startTestFleet(1, { store, config: { requestsBurst: 10_000 } });
  onTestFinished(() => fleet.close());
  const ada = (await fleet.connect(1)).attach("ada");
  await ada.welcome();
  const created = await ada.ask({ type: "channel.create", id: "c", kind: "group", members: ["bob"] });
  if (created.type !== "result" || created.channel === undefined) throw new Error(created.raw);
  const { channel } = created;
  for (let n = 0; n < 300; n++) ada.send({ type: "send", id: `m${n}`, channel, text: "hello" });
  await ada.met(() => ada.received.filter((frame) => frame.type === "ack").length === 300);
  await fleet.restart(1);
  const again = (await fleet.connect(1)).attach("ada");
  await again.welcome();
  const before = read();
  expect(await again.ask({ type: "send", id: "first", channel, text: "hello" })).toMatchObject({
    type: "ack",
    seq: 302,
  });
  expect(read() - before).toBeLessThanOrEqual(40);
  // What lies farther back than is kept at hand is found all the same.
  const repeated = await again.ask({ type: "send", id: "m0", channel, text: "hello" });
  expect(repeated).toMatchObject({ type: "ack", seq: 2, duplicate: true });
});
