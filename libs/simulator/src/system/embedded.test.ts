import { describe, expect, test } from "vitest";
import {
  createDataFolder,
  createGroup,
  createHarness,
  must,
  readLog,
  sendUntilAcked,
  startHarness,
} from "./harness.ts";

describe("the embedded system", () => {
  test("carries hello, create, send, ack, event, history and resume, and drains on SIGTERM", async () => {
    const { open, system } = await createHarness({ command: "start" });
    const [ada, bob] = [await open("ada"), await open("bob")];
    const channel = await createGroup(ada, "create", ["bob"]);
    const created = await bob.find(({ type, kind }) => type === "event" && kind === "created");
    expect(created).toMatchObject({ channel, seq: 1, sender: "ada", channelKind: "group" });

    const ack = must(await ada.request({ type: "send", id: "m1", channel, text: "Grüße 👩🏽‍🚀" }), "ack");
    expect(ack).toMatchObject({ channel, seq: 2 });
    for (const wire of [ada, bob]) {
      const event = await wire.find(({ type, seq }) => type === "event" && seq === 2);
      expect(event).toMatchObject({
        channel,
        kind: "message",
        sender: "ada",
        id: "m1",
        text: "Grüße 👩🏽‍🚀",
        time: ack["time"],
      });
    }
    const again = await ada.request({ type: "send", id: "m1", channel, text: "Grüße 👩🏽‍🚀" });
    expect(again).toMatchObject({ type: "ack", seq: 2, duplicate: true });
    const other = await ada.request({ type: "send", id: "m1", channel, text: "other" });
    expect(other).toMatchObject({ type: "error", code: "conflict", retryable: false });

    await bob.close();
    must(await ada.request({ type: "send", id: "m2", channel, text: "while bob is away" }), "ack");
    const back = await open("bob", { cursors: { [channel]: 2 } });
    expect(await back.find(({ type }) => type === "event")).toMatchObject({ seq: 3, text: "while bob is away" });
    expect((await readLog(back, channel)).map(({ seq }) => seq)).toEqual([1, 2, 3]);

    expect(await system.stop()).toBe(0);
    expect([1001, 4503]).toContain(await ada.closed);
  });

  test("what was acked before kill -9 is there after the next start", async () => {
    const data = await createDataFolder();
    const first = await startHarness({ command: "start", data });
    const ada = await first.open("ada");
    const channel = await createGroup(ada, "create", ["bob"]);
    const sent = Array.from({ length: 200 }, (_, index) => ({ id: `m${index}`, channel, text: `message ${index}` }));
    const acked: number[] = [];
    // All at once, so that the process dies with runs in flight.
    const all = sent.map(async (frame) => {
      const ack = await ada.request({ type: "send", ...frame });
      if (ack["type"] === "ack") acked.push(Number(ack["seq"]));
    });
    await Promise.all(all.slice(0, 50));
    await first.system.kill();
    await Promise.allSettled(all);

    const second = await createHarness({ command: "start", data });
    const again = await second.open("ada");
    const log = await readLog(again, channel);
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
    for (const seq of acked) expect(log[seq - 1]).toMatchObject({ kind: "message", sender: "ada" });
    for (const frame of sent) must(await sendUntilAcked(again, frame), "ack");
    const texts = (await readLog(again, channel)).flatMap(({ text }) => (text === undefined ? [] : [text]));
    expect([...texts].sort()).toEqual(sent.map(({ text }) => text).sort());
  });

  test("a stopped system starts again on its folder with its keys and channels", async () => {
    const data = await createDataFolder();
    const first = await startHarness({ command: "start", data });
    const channel = await createGroup(await first.open("ada"), "create", ["bob"]);
    const token = first.tokenOf("ada");
    expect(await first.system.stop()).toBe(0);

    const second = await createHarness({ command: "start", data });
    const ada = await second.open("ada");
    expect(ada.welcome["channels"]).toMatchObject([{ channel, head: 1 }]);
    expect(token.split(".")[0]).toBe(second.tokenOf("ada").split(".")[0]);
  });

  test("somebody who is no member learns nothing, and a removed member gets nothing more", async () => {
    const { open } = await createHarness({ command: "start" });
    const [ada, bob, eve] = [await open("ada"), await open("bob"), await open("eve")];
    const channel = await createGroup(ada, "create", ["bob"]);
    for (const room of [channel, "no-such-room"]) {
      for (const type of ["send", "history"]) {
        const answer = await eve.request({
          type,
          id: `${type}-${room}`,
          channel: room,
          ...(type === "send" ? { text: "x" } : {}),
        });
        expect(answer).toMatchObject({ type: "error", code: "not_member" });
      }
    }
    must(await ada.request({ type: "channel.remove", id: "remove", channel, user: "bob" }), "ack");
    const removal = await bob.find(({ type, kind }) => type === "event" && kind === "member");
    must(await ada.request({ type: "send", id: "secret", channel, text: "bob is gone" }), "ack");
    must(await bob.request({ type: "channels", id: "ping" }), "result");
    expect(bob.frames.filter(({ type }) => type === "event").at(-1)).toEqual(removal);
    expect(eve.frames.filter(({ type }) => type === "event")).toEqual([]);
  });
});
