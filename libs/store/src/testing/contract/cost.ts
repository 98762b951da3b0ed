import { describe, expect, test } from "vitest";
import { load, type StoreData, seqs } from "./subject.ts";

const shortLog = 1_000;

/** Cost is counted in entries touched, not in time: the same on any machine. */
export function costContract(data: () => StoreData, longLogEvents: number): void {
  const usual = 200_000;
  const size = longLogEvents.toLocaleString("en");
  const title =
    longLogEvents === usual
      ? `pages of a channel of ${size} events cost what pages of one of 1,000 do`
      : `pages of a channel of ${size} events (NOT ${usual.toLocaleString("en")}: this server loads or scans too slowly) cost what pages of one of 1,000 do`;

  describe("cost", () => {
    test(title, { timeout: 120_000 }, async () => {
      let touched = 0;
      const store = await data().open({
        onTouch: (entries) => {
          touched += entries;
        },
      });
      await load(store, "short", shortLog);
      await load(store, "long", longLogEvents);
      expect(await store.head("long")).toBe(longLogEvents);
      const cost = async (read: () => Promise<unknown>) => {
        touched = 0;
        await read();
        return touched;
      };
      const forward = (channel: string, after: number) => cost(() => store.readAfter(channel, after, { events: 50 }));
      const back = (channel: string, before: number) => cost(() => store.readBefore(channel, before, { events: 50 }));
      const middle = longLogEvents / 2;
      const costs = {
        forward: await forward("short", 500),
        back: await back("short", 500),
      };
      expect(await forward("long", 0)).toBe(costs.forward);
      expect(await forward("long", middle)).toBe(costs.forward);
      expect(await back("long", middle)).toBe(costs.back);
      expect(await back("long", longLogEvents - 10)).toBe(costs.back);
      expect(costs.forward).toBeLessThanOrEqual(60);
      expect(costs.back).toBeLessThanOrEqual(60);
      const last = await store.readBefore("long", longLogEvents + 1, { events: 3 });
      expect(seqs(last.events)).toEqual([longLogEvents - 2, longLogEvents - 1, longLogEvents]);
      // Whoever follows a log asks at its end, again and again: nothing new, or one event.
      expect(await cost(() => store.readAfter("long", longLogEvents, { events: 500 }))).toBeLessThanOrEqual(2);
      expect(await cost(() => store.readAfter("long", longLogEvents - 1, { events: 500 }))).toBeLessThanOrEqual(3);
      // A head that was asked for before costs next to nothing.
      expect(await cost(() => store.head("long"))).toBeLessThanOrEqual(2);
      await store.close();

      // One that nobody asked this process for is found near what was written of it.
      const cold = await data().open({
        onTouch: (entries) => {
          touched += entries;
        },
      });
      expect(await cost(() => cold.head("long"))).toBeLessThanOrEqual(300);
      expect(await cold.head("long")).toBe(longLogEvents);
    });
  });
}
