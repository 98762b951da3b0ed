import { PassThrough } from "node:stream";
import { type Client, createClient, createMemoryStorage } from "@parley/client";
import { createFastClock, ScriptedServer } from "@parley/client/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Chat } from "./chat.ts";
import { runLines } from "./line-mode.ts";

let server: ScriptedServer;
const clients: Client[] = [];
beforeEach(async () => {
  server = await ScriptedServer.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await server.close();
});

function start(storage = createMemoryStorage()) {
  const clock = createFastClock(20);
  const client = createClient({ url: server.url, token: () => "ada", device: "terminal", storage, clock });
  clients.push(client);
  const input = new PassThrough();
  const output = new PassThrough({ encoding: "utf8" });
  let printed = "";
  output.on("data", (chunk: string) => {
    printed += chunk;
  });
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const chat = new Chat({ client, me: "ada", peer: "grace", onQuit: end });
  void chat.start();
  const unsent = runLines({ chat, client, input, output, ended });
  return { client, chat, input, unsent, read: () => printed };
}

test("lines are sent, commands run, events printed, and at the end of the input nothing is left", async () => {
  const { chat, input, unsent, read } = start();
  input.write("hello\n");
  await vi.waitFor(() => expect(read()).toContain("ada: hello"));
  const [channel] = server.channels.values();
  channel?.say("grace", "hi \u001b[31mada");
  await vi.waitFor(() => expect(read()).toContain("[grace]"));
  await vi.waitFor(() => expect(read()).toContain("#2 grace: hi [31mada"));
  input.write("/reply well\n/react #2 👍\n/dance\n");
  await vi.waitFor(() => expect(read()).toContain("(to #2) well"));
  await vi.waitFor(() => expect(read()).toContain("ada reacted with 👍 at #2"));
  expect(read()).toContain("There is no /dance");
  input.end();
  expect(await unsent).toBe(0);
  expect(chat.state.current?.title).toBe("grace");
  expect(channel?.texts()).toEqual(["hello", "hi \u001b[31mada", "well"]);
});

test("what a script could not send is counted, kept, and sent by the next one under the same id", async () => {
  const storage = createMemoryStorage();
  const first = start(storage);
  await vi.waitFor(() => expect(first.chat.state.open).toBeDefined());
  server.script = { turn: (frame) => (frame.type === "send" ? "lose" : "serve") };
  first.input.write("/quit\n");
  first.client.send(first.chat.state.open ?? "", { text: "later" });
  expect(await first.unsent).toBe(1);
  await first.client.close();
  server.script = {};
  start(storage);
  const [channel] = server.channels.values();
  await vi.waitFor(() => expect(channel?.texts()).toEqual(["later"]));
});

test("messages of a conversation that is not open are unread until it is opened", async () => {
  const plans = server.addChannel("plans", ["ada", "bob"]);
  const { chat, input } = start();
  await vi.waitFor(() => expect(chat.state.open).toBeDefined());
  plans.say("bob", "are you there?");
  await vi.waitFor(() => expect(chat.state.conversations.get("plans")?.unread).toBe(1));
  input.write("/open plans\n");
  await vi.waitFor(() => expect(chat.state.conversations.get("plans")?.unread).toBe(0));
  await vi.waitFor(() => expect(server.received).toContainEqual({ type: "read", channel: "plans", seq: 1 }));
});

test("somebody who is removed is told, and lands in another conversation", async () => {
  const plans = server.addChannel("plans", ["ada", "bob"]);
  const { chat, input, read } = start();
  await vi.waitFor(() => expect(chat.state.open).toBeDefined());
  input.write("/open plans\n");
  await vi.waitFor(() => expect(chat.state.open).toBe("plans"));
  plans.append("bob", { kind: "member", user: "ada", change: "removed" });
  await vi.waitFor(() => expect(read()).toContain("You are no longer in #plans"));
  expect(chat.state.current?.title).toBe("grace");
});
