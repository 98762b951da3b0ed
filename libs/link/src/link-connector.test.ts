import { expect, test, vi } from "vitest";
import type { ChatServerLink } from "./link.ts";
import { createLinkConnector } from "./link-connector.ts";
import { createLinkListener } from "./link-listener.ts";
import { LocalLinks } from "./link-local.ts";

const secret = "a secret of thirty-two characters";
const tcp = { host: "127.0.0.1", port: 0, secret };

test("a chat server of the own process is called, another one is dialled", async () => {
  const local = new LocalLinks();
  const links: ChatServerLink[] = [];
  const own = await createLinkListener({ node: "chat-1", local, tcp }).listen((link) => links.push(link));
  const other = await createLinkListener({ node: "chat-2", tcp }).listen((link) => links.push(link));
  expect(own.address).toMatch(/^tcp:/);
  const connector = createLinkConnector({ node: "gateway-1", process: "p1", local, secret });
  const called = await connector.connect({ node: "chat-1", address: own.address, process: "p1" });
  const dialled = await connector.connect({ node: "chat-2", address: other.address, process: "p2" });
  expect(called.constructor.name).toBe("LocalEnd");
  expect(dialled.constructor.name).toBe("TcpEnd");
  expect(dialled.peer).toBe("chat-2");
  await vi.waitUntil(() => links.length === 2);
  await Promise.all([own.close(), other.close()]);
  await vi.waitUntil(() => !called.isOpen && !dialled.isOpen);
});

test("the same node name in another process is dialled", async () => {
  const local = new LocalLinks();
  const listener = await createLinkListener({ node: "chat-1", local, tcp }).listen(() => {});
  const connector = createLinkConnector({ node: "gateway-1", process: "p2", local, secret });
  const link = await connector.connect({ node: "chat-1", address: listener.address, process: "p1" });
  expect(link.constructor.name).toBe("TcpEnd");
  link.close("end of test");
  await listener.close();
});

test("without TCP the address is local, and other processes can't reach it", async () => {
  const listener = await createLinkListener({ node: "chat-1", local: new LocalLinks() }).listen(() => {});
  expect(listener.address).toBe("local:chat-1");
  const connector = createLinkConnector({ node: "gateway-1", process: "p2", secret });
  await expect(connector.connect({ node: "chat-1", address: listener.address, process: "p1" })).rejects.toThrow(
    /out of reach/,
  );
  await listener.close();
});
