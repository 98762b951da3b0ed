import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { type Fields, isFields } from "../history/content.ts";
import { createHarness, isMissing } from "./harness.ts";

const python = "/usr/bin/python3";
const hasPython = spawnSync(python, ["-c", "import websockets"], { stdio: "ignore" }).status === 0;
const browser = "/usr/bin/chromium";

const clientFile = (name: string): string => fileURLToPath(new URL(`../../clients/${name}`, import.meta.url));

function checkConversation(seen: Fields): void {
  const channel = isFields(seen["ack"]) ? seen["ack"]["channel"] : undefined;
  expect(seen["subprotocol"]).toBe("parley.v1");
  expect(seen["welcome"]).toMatchObject({ type: "welcome" });
  expect(seen["ack"]).toMatchObject({ type: "ack", seq: 2 });
  expect(seen["event"]).toMatchObject({ type: "event", channel, seq: 2, kind: "message" });
  expect(seen["history"]).toMatchObject({ type: "result", complete: true, events: [{ seq: 1 }, { seq: 2 }] });
  expect(seen["resumed"]).toEqual(seen["event"]);
}

test.skipIf(isMissing("Debian's python3-websockets", hasPython, "the conversation with Python's websockets"))(
  "Python's websockets holds the whole conversation by the contract alone",
  async () => {
    const { system, tokenOf } = await createHarness({ command: "start" });
    const args = [clientFile("python_client.py"), system.ws[0] ?? "", tokenOf("grace"), "ada"];
    const child = spawn(python, args, { stdio: ["ignore", "pipe", "pipe"] });
    const [output, errors] = await Promise.all(
      [child.stdout, child.stderr].map((stream) => stream.setEncoding("utf8").toArray()),
    );
    expect((errors ?? []).join("")).toBe("");
    const seen: unknown = JSON.parse((output ?? []).join(""));
    if (!isFields(seen)) throw new Error("the client printed no object");
    checkConversation(seen);
    expect(seen["again"]).toMatchObject({ type: "ack", seq: 2, duplicate: true });
    expect(seen["after"]).toMatchObject({ type: "ack", seq: 3 });
  },
);

test.skipIf(isMissing("chromium", existsSync(browser), "the conversation from a browser page"))(
  "a page with nothing but the browser's WebSocket holds the whole conversation",
  async () => {
    const { system, tokenOf } = await createHarness({ command: "start" });
    const pages = createServer((_, response) =>
      response.setHeader("content-type", "text/html").end("<title>page</title>"),
    );
    await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void pages.close());
    const address = pages.address();
    const flags =
      "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";
    const opened = await chromium.launch({ executablePath: browser, headless: true, args: flags.split(" ") });
    onTestFinished(() => opened.close());
    const page = await opened.newPage();
    await page.goto(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`);
    const script = await readFile(clientFile("browser_client.js"), "utf8");
    const run = { url: system.ws[0] ?? "", token: tokenOf("linus"), other: "ada" };
    // One expression, whatever a formatter makes of its end.
    const source = script.slice(script.indexOf("async (")).trim().replace(/;$/, "");
    checkConversation(await page.evaluate(`(${source})(${JSON.stringify(run)})`));
  },
);
