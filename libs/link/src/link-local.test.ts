import { expect, test } from "vitest";
import type { ChatServerLink } from "./link.ts";
import { linkContract } from "./link-contract.ts";
import { LinkError } from "./link-limits.ts";
import { LocalLinks } from "./link-local.ts";

linkContract("in-process", async (options) => {
  const links = new LocalLinks(options);
  let chatServer: ChatServerLink | undefined;
  const listener = links.listen("chat-1", (link) => {
    chatServer = link;
  });
  const gateway = await links.connect("gateway-1", "chat-1");
  if (!chatServer) throw new Error("no link");
  return { gateway, chatServer, end: () => listener.close() };
});

test("frames are handed over as they are, without a copy", async () => {
  const links = new LocalLinks();
  const sent = { type: "reattach", attachment: 1 } as const;
  links.listen("chat-1", (link) => link.send(sent));
  const gateway = await links.connect("gateway-1", "chat-1");
  expect(await new Promise((resolve) => gateway.onFrame(resolve))).toBe(sent);
});

test("a name listens once, and connecting to nobody is refused", async () => {
  const links = new LocalLinks();
  const listener = links.listen("chat-1", () => {});
  expect(() => links.listen("chat-1", () => {})).toThrow(LinkError);
  await expect(links.connect("gateway-1", "chat-2")).rejects.toThrow(LinkError);
  await listener.close();
  await expect(links.connect("gateway-1", "chat-1")).rejects.toThrow(LinkError);
});

test("closing the listener ends its links", async () => {
  const links = new LocalLinks();
  const listener = links.listen("chat-1", () => {});
  const gateway = await links.connect("gateway-1", "chat-1");
  const closed = new Promise((resolve) => gateway.onClose(resolve));
  await listener.close();
  await closed;
  expect(gateway.isOpen).toBe(false);
});
