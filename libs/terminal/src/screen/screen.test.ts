import { PassThrough } from "node:stream";
import { createClient } from "@parley/client";
import { ScriptedServer } from "@parley/client/testing";
import { render } from "ink";
import { createElement as h } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Chat } from "../chat.ts";
import { Screen } from "./screen.ts";

let server: ScriptedServer;
beforeEach(async () => {
  server = await ScriptedServer.start();
});
afterEach(() => server.close());

/** Streams that pass for a terminal of 80 × 20; `frame` is what was drawn last. */
function makeTerminal() {
  const stdout = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY: true, columns: 80, rows: 20 });
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => stdin,
    ref: () => {},
    unref: () => {},
  });
  let frame = "";
  stdout.on("data", (chunk: string) => {
    if (chunk.includes("Parley")) frame = chunk;
  });
  return { stdout, stdin, frame: () => frame };
}

test("two people see each other's words, and a lost connection is shown and mended", async () => {
  const client = createClient({ url: server.url, token: () => "ada", device: "terminal" });
  const quit = vi.fn();
  const chat = new Chat({ client, me: "ada", peer: "grace", onQuit: quit });
  const { stdout, stdin, frame } = makeTerminal();
  const app = render(h(Screen, { chat }), {
    stdout: stdout as PassThrough,
    stdin: stdin as PassThrough,
    debug: true,
    exitOnCtrlC: false,
    interactive: true,
  });
  void chat.start();
  await vi.waitFor(() => expect(frame()).toContain("● connected"));
  await vi.waitFor(() => expect(frame()).toContain("grace >"));

  stdin.write("héllo 👋🏽");
  await vi.waitFor(() => expect(frame()).toContain("grace > héllo 👋🏽"));
  stdin.write("\r");
  const [channel] = server.channels.values();
  await vi.waitFor(() => expect(channel?.texts()).toEqual(["héllo 👋🏽"]));
  await vi.waitFor(() => expect(frame()).toMatch(/ada +héllo 👋🏽 +#1 ✓/));
  for (const session of server.sessions) session.send({ type: "typing", channel: channel?.channel, user: "grace" });
  await vi.waitFor(() => expect(frame()).toContain("grace is typing…"));
  channel?.say("grace", "hi");
  await vi.waitFor(() => expect(frame()).toMatch(/#1 ✓✓/));

  server.script = { greet: () => 4503 };
  for (const session of server.sessions) session.cut();
  await vi.waitFor(() => expect(frame()).toContain("Not connected. Trying again"));
  stdin.write("meanwhile\r");
  await vi.waitFor(() => expect(frame()).toMatch(/meanwhile +waiting…/));
  server.script = {};
  await vi.waitFor(
    () => {
      stdin.write("\r");
      expect(channel?.texts()).toEqual(["héllo 👋🏽", "hi", "meanwhile"]);
    },
    { timeout: 10_000, interval: 200 },
  );
  await vi.waitFor(() => expect(frame()).not.toContain("waiting…"));

  stdin.write("\u0003");
  await vi.waitFor(() => expect(quit).toHaveBeenCalled());
  app.unmount();
  await client.close();
}, 20_000);
