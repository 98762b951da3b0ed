import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fields } from "../history/content.ts";
import type { Wire } from "../run/wire.ts";
import { badFrames, goodFrames } from "./bad-frames.ts";
import { createGroup, type Harness, must, readLog, startHarness } from "./harness.ts";

/** Ten bad frames in a minute end a socket, so each socket gets fewer. */
const badFramesASocket = 8;

let harness: Harness;
let owner: Wire;
let channel: string;
const types = Object.keys(goodFrames("x"));

beforeAll(async () => {
  harness = await startHarness({ command: "start" });
  owner = await harness.open("owner");
  channel = await createGroup(owner, "create", types.map(userOf));
  must(await owner.request({ type: "send", id: "first", channel, text: "the only message" }), "ack");
});
afterAll(async () => void (await harness.system.stop()));

function userOf(type: string): string {
  return `user-${type.replaceAll(".", "-")}`;
}

describe("a frame that breaks the contract is answered by an error that names the field", () => {
  test.each(types.filter((type) => type !== "hello"))("%s", async (type) => {
    const before = await readLog(owner, channel);
    const bad = badFrames(type, channel);
    expect(bad.length).toBeGreaterThan(1);
    for (let from = 0; from < bad.length; from += badFramesASocket) {
      const wire = await harness.open(userOf(type), { device: `bad-${from}` });
      for (const { frame, field, code = "bad_frame" } of bad.slice(from, from + badFramesASocket)) {
        const answers = wire.frames.length;
        wire.send(frame);
        const answer = await wire.find((one) => wire.frames.indexOf(one) >= answers && one["type"] === "error");
        const story = `${JSON.stringify(frame).slice(0, 200)} → ${JSON.stringify(answer)}`;
        expect(answer, story).toMatchObject({ code, retryable: false });
        expect(String(answer["message"]).startsWith(field), story).toBe(true);
        if (field !== "id" && frame["id"] !== undefined) expect(answer["id"], story).toBe(frame["id"]);
      }
      // The socket lives and is served.
      must(await wire.request({ type: "channels", id: "alive" }), "result");
      await wire.close();
    }
    expect(await readLog(owner, channel)).toEqual(before);
  });

  test("a type that nobody knows", async () => {
    const wire = await harness.open("owner", { device: "unknown" });
    for (const type of ["sned", "event", "ack", "__proto__", "constructor", ""]) {
      const answer = await wire.request({ type, id: `u${type.length}`, channel, text: "x" });
      expect(answer).toMatchObject({ type: "error", code: "bad_frame", retryable: false });
      expect(answer["message"]).toMatch(/^type/);
    }
    must(await wire.request({ type: "channels", id: "alive" }), "result");
    await wire.close();
  });

  test.each(badFrames("hello", "x").map((bad) => [bad.field, bad] as const))("hello: %s", async (field, { frame }) => {
    const answer = await sayFirst(frame);
    expect(answer).toMatchObject({ type: "error" });
    expect(String(answer["message"])).toContain(field);
  });
});

test("ten bad frames in a minute end the socket with 4429, and nine do not", async () => {
  const wire = await harness.open("owner", { device: "junk" });
  for (let count = 1; count <= 9; count++) wire.send({ type: "junk", id: `j${count}` });
  must(await wire.request({ type: "channels", id: "alive" }), "result");
  wire.send({ type: "junk", id: "j10" });
  expect(await wire.closed).toBe(4429);
});

/** The first frame that comes back on a new socket that says this first. */
async function sayFirst(frame: Fields): Promise<Fields> {
  const { WebSocket } = await import("ws");
  const socket = new WebSocket(harness.system.ws[0] ?? "", "parley.v1");
  const text = await new Promise<string>((resolve, reject) => {
    socket.on("open", () => socket.send(JSON.stringify(frame)));
    socket.on("message", (data) => resolve(data.toString()));
    socket.on("close", (code) => reject(new Error(`closed with ${code} and no word`)));
    socket.on("error", reject);
  });
  socket.terminate();
  return JSON.parse(text) as Fields;
}
