import { resolve } from "node:path";
import { loadOrCreateKeyFile, signToken } from "@parley/auth";
import { processTable, type Ready, readyLine } from "./ready.ts";

const demoUsers = ["ada", "grace"];
/** Where `npm run chat` looks when it is not told. */
const chatUrlDefault = "ws://127.0.0.1:8080/v1/ws";
const demoExpiryS = 24 * 3_600;

export interface Screen {
  /** A step that is done, or a fact worth a line. */
  say(line: string): void;
  /** Everything is up: the last screen on a terminal, the `ready` line elsewhere. */
  ready(ready: Ready): Promise<void>;
}

/** Plain lines where stdout is no terminal; there, `ready {json}` is what a script waits for. */
export function createScreen(isTerminal = process.stdout.isTTY === true): Screen {
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const started = performance.now();
  return {
    say: (line) =>
      write(isTerminal ? `  ${dim(`${((performance.now() - started) / 1_000).toFixed(1)} s`)}  ${line}` : line),
    async ready(ready) {
      if (isTerminal) for (const line of await welcome(ready)) write(line);
      else write(readyLine(ready));
    },
  };
}

async function welcome(ready: Ready): Promise<readonly string[]> {
  const { signing } = await loadOrCreateKeyFile(ready.data);
  const tokens = demoUsers.map(
    (user) => `    ${user.padEnd(6)} ${signToken({ user, expiresInS: demoExpiryS, key: signing })}`,
  );
  const [url = ""] = ready.ws;
  const options = [
    ...(ready.data === resolve("data") ? [] : [`--data ${ready.data}`]),
    ...(url === chatUrlDefault ? [] : [`--url ${url}`]),
  ];
  return [
    "",
    `  ${bold("Parley is running.")}`,
    "",
    ...ready.ws.map((url) => `  WebSocket  ${url}`),
    ...ready.http.map((url) => `  HTTP       ${url}`),
    `  Presence   ${ready.presence}/docs`,
    ...ready.management.slice(0, 1).map((url) => `  Metrics    ${url}/metrics`),
    `  Data       ${ready.data}`,
    "",
    ...processTable(ready.processes).map((line) => `  ${dim(line)}`),
    "",
    "  Two people to try it with, and their tokens for today:",
    ...tokens,
    "",
    "  To chat, in two more terminals:",
    ...demoUsers.map((user) => `    ${bold(["npm run chat -- --as", user, ...options].join(" "))}`),
    "",
    "  Ctrl-C drains and stops.",
    "",
  ];
}

function bold(text: string): string {
  return `\u001b[1m${text}\u001b[22m`;
}

function dim(text: string): string {
  return `\u001b[2m${text}\u001b[22m`;
}
