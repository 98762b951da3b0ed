import type { LogEvent, OriginEffect } from "@parley/store";
import { openMemoryStore } from "@parley/store/testing";
import { expect, test } from "vitest";
import { ChannelFold } from "../channel/fold.ts";
import { readPage } from "./history-page.ts";

const channel = "room";
const event = (seq: number, body: LogEvent["body"]): LogEvent => {
  return {
    channel,
    seq,
    sender: "ada",
    id: `id-${seq}`,
    time: seq,
    ordinal: seq,
    control: 1,
    hash: `hash-${seq}`,
    body,
  };
};
const members = [{ user: "ada", role: "owner" } as const];
const log = [
  event(1, { kind: "created", channelKind: "group", members }),
  event(2, { kind: "message", text: "first wording" }),
  event(3, { kind: "message", text: "a secret" }),
  event(4, { kind: "edit", target: 2, text: "second wording" }),
  event(5, { kind: "delete", target: 3 }),
];
const effects: readonly OriginEffect[] = [
  { kind: "edit", seq: 4, target: 2, text: "second wording", time: 4 },
  { kind: "delete", seq: 5, target: 3 },
];

test.each(["readBefore", "readAfter"])(
  "effects that reach their origins just after %s of a page are in it all the same",
  async (name) => {
    let settle = (): Promise<void> => Promise.resolve();
    const store = openMemoryStore({
      // Read before the effects are there, answered after they and their watermark are.
      faults: (operation) => (operation.name === name ? { kind: "hold", until: settle() } : undefined),
    });
    await store.append(channel, log);
    let isDone = false;
    settle = async () => {
      if (isDone) return;
      isDone = true;
      // After the read itself.
      await new Promise(setImmediate);
      await store.applyEffects(channel, effects, 5);
    };
    const fold = new ChannelFold();
    for (const one of log) fold.apply(one);
    const direction = name === "readBefore" ? { before: 4 } : { after: 1 };
    const { events } = await readPage(store, { channel, user: "ada", fold, head: 5, limit: 10, ...direction });
    const frames = events.map((text): Record<string, unknown> => JSON.parse(text));
    expect(frames.find(({ seq }) => seq === 2)).toMatchObject({ text: "second wording" });
    expect(frames.find(({ seq }) => seq === 3)).toMatchObject({ deleted: true });
    expect(events.join()).not.toContain("secret");
  },
);

// Found by row 4 of `npm run prove`, while the effects waited for servers that stood still.
test.each([{ after: 0 }, { before: 5 }])(
  "what a deleted message once was made into is not shown either, before its effects are anywhere ($after, $before)",
  async (direction) => {
    const store = openMemoryStore();
    const deleted = [
      event(1, { kind: "created", channelKind: "group", members }),
      event(2, { kind: "message", text: "a secret" }),
      event(3, { kind: "edit", target: 2, text: "the secret in other words" }),
      event(4, { kind: "edit", target: 9, text: "of another message" }),
      event(5, { kind: "delete", target: 2 }),
    ];
    await store.append(channel, deleted);
    const fold = new ChannelFold();
    for (const one of deleted) fold.apply(one);
    const { events } = await readPage(store, { channel, user: "ada", fold, head: 5, limit: 10, ...direction });
    expect(events.join()).not.toContain("secret");
    const frames = events.map((text): Record<string, unknown> => JSON.parse(text));
    expect(frames.find(({ seq }) => seq === 3)).toMatchObject({ kind: "edit", target: 2, deleted: true });
    expect(frames.find(({ seq }) => seq === 4)).toMatchObject({ text: "of another message" });
  },
);
