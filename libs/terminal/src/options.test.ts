import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

test("who one talks with is the other of the two demo users, unless said", () => {
  expect(parseOptions(["--as", "ada"])).toMatchObject({ user: "ada", peer: "grace", dataDir: "./data" });
  expect(parseOptions(["--as", "grace"]).peer).toBe("ada");
  expect(parseOptions(["--as", "bob"]).peer).toBe("grace");
  expect(parseOptions(["--as", "ada", "--with", "bob"]).peer).toBe("bob");
});

test("several gateways can be named", () => {
  expect(parseOptions(["--as", "ada", "--url", "ws://a/v1/ws", "--url", "wss://b/v1/ws"]).urls).toEqual([
    "ws://a/v1/ws",
    "wss://b/v1/ws",
  ]);
  expect(parseOptions(["--as", "ada"]).urls).toEqual(["ws://127.0.0.1:8080/v1/ws"]);
});
