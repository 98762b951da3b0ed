import { resolve } from "node:path";
import { loadOrCreateKeyFile, signToken } from "@parley/auth";
import { createClient } from "@parley/client";
import { Chat } from "./chat.ts";
import { claimDevice } from "./device.ts";
import { runLines } from "./line-mode.ts";
import { parseOptions } from "./options.ts";

const tokenLifeS = 3_600;

/** Returns the exit code: 0, or 1 when messages are left unsent by a script. */
async function run(): Promise<number> {
  const { user, peer, urls, isPlain, dataDir: folder } = parseOptions(process.argv.slice(2));
  const dataDir = resolve(folder);
  const device = await claimDevice(dataDir, user);
  const client = createClient({
    urls,
    device: device.device,
    storage: device.storage,
    // One person watches the screen: no server minds that they come back soon.
    limits: { reconnectMaxMs: 5_000 },
    // Read anew each time: keys are rotated while chats are open.
    token: async () => {
      const { signing } = await loadOrCreateKeyFile(dataDir);
      return signToken({ user, expiresInS: tokenLifeS, key: signing });
    },
  });
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const chat = new Chat({ client, me: user, peer, onQuit: end });
  // Not `once`: a listener that is gone when the others are asked lets Ink's exit hook kill the process half-way.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end());
  // A window that was closed, or a pipe that nobody reads any more: end in good order.
  process.stdout.on("error", () => end());
  void chat.start();
  let unsent = 0;
  try {
    if (process.stdin.isTTY && process.stdout.isTTY && !isPlain) {
      // React checks this once, when it is loaded.
      process.env["NODE_ENV"] ??= "production";
      const { runScreen } = await import("./screen/run-screen.ts");
      await runScreen(chat, ended);
      unsent = client.outbox().length;
      if (unsent > 0) process.stdout.write(`${unsent} unsent: kept, and sent when you are back.\n`);
      return 0;
    }
    unsent = await runLines({ chat, client, input: process.stdin, output: process.stdout, ended });
    if (unsent > 0) process.stderr.write(`${unsent} unsent: kept, and sent the next time.\n`);
    return unsent > 0 ? 1 : 0;
  } finally {
    await client.close();
    await device.release();
  }
}

try {
  process.exit(await run());
} catch (error) {
  process.stderr.write(`chat: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
