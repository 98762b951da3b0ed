import { describe, expect, test } from "vitest";
import { message, messages, type StoreData, seqs } from "./subject.ts";

export function unknownContract(data: () => StoreData): void {
  describe("an append whose answer is lost", () => {
    for (const when of ["before", "after"] as const) {
      test(`throws unknown when cut ${when} the store had it; reading back shows the truth, and a retry at the same seqs is safe`, async ({
        skip,
      }) => {
        const subject = data();
        if (subject.openCut === undefined) return skip("nothing between us and this store can be cut");
        const { store, cutNext } = await subject.openCut();
        await store.append("c", messages("c", 1, 2));
        const run = messages("c", 3, 6);
        cutNext(when);
        await expect(store.append("c", run)).rejects.toMatchObject({ name: "StoreError", code: "unknown" });
        // The truth, as any store sees it.
        const other = await subject.open();
        const isIn = when === "after";
        expect(await other.head("c")).toBe(isIn ? 6 : 2);
        expect(await store.head("c")).toBe(isIn ? 6 : 2);
        expect(await store.append("c", run)).toEqual(isIn ? { kind: "refused", at: 0 } : { kind: "appended" });
        expect(seqs((await other.readAfter("c", 0, { events: 10 })).events)).toEqual([1, 2, 3, 4, 5, 6]);
        expect(await store.append("c", [message("c", 7)])).toEqual({ kind: "appended" });
      });
    }
  });
}
