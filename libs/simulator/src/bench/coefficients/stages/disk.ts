import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { forEachLimited } from "../../../run/limited.ts";
import { createRooms, openCrowd } from "../../clients/crowd.ts";
import { type ParleySystem, startParley } from "../../side-by-side/systems.ts";
import type { Finding, Findings } from "../names.ts";
import { findingOf, show } from "../reckon/finding.ts";
import type { Stage, StageOptions } from "./stage.ts";

const people = 80;
const inFlight = 400;
/** Bytes of text. */
const sizes = [50, 1_000] as const;
/** Files grow in steps of up to 4 MiB: so many that this is some percent. */
const messagesOf = { mongodb: 12_000, lmdb: 24_000 } as const;
/** Files are written, and a log is folded into its table, a little later. */
const settleMs = 3_000;

export const diskStage: Stage = {
  name: "disk",
  title: "what a message takes on disk",
  gives: ["mongoMessageBytes", "mongoTextBytes", "lmdbMessageBytes", "lmdbTextBytes"],
  async measure({ say }): Promise<Findings> {
    const mongo = await measureStore("mongodb", say);
    const lmdb = await measureStore("lmdb", say);
    return {
      mongoMessageBytes: mongo.message,
      mongoTextBytes: mongo.text,
      lmdbMessageBytes: lmdb.message,
      lmdbTextBytes: lmdb.text,
    };
  },
};

async function measureStore(
  store: "mongodb" | "lmdb",
  say: StageOptions["say"],
): Promise<{ readonly message: Finding; readonly text: Finding }> {
  const messages = messagesOf[store];
  say(`disk of ${messages} messages each of ${sizes.join(" and ")} bytes of text, ${store}`);
  const counts = ["--gateways", "1", "--chat-servers", "1"];
  const system = await startParley("cluster", store === "lmdb" ? [...counts, "--store", "lmdb"] : counts);
  try {
    const grown = await growthOf(system, messages);
    const [small = Number.NaN, large = Number.NaN] = grown.map((bytes) => bytes / messages);
    const textBytes = (large - small) / (sizes[1] - sizes[0]);
    const how = `growth of all files of the store over ${messages} messages in ${people / 2} channels, runs as they came`;
    const seen = sizes
      .map((size, index) => `${show((grown[index] ?? 0) / messages)} bytes with ${size} of text`)
      .join("; ");
    return {
      message: findingOf([small - sizes[0] * textBytes], how, seen),
      text: findingOf([textBytes], how, seen),
    };
  } finally {
    await system.stop();
  }
}

/** Bytes by which the files grew, for each size of text. */
async function growthOf(system: ParleySystem, messages: number): Promise<readonly number[]> {
  const { urls, tokenOf } = system;
  const users = Array.from({ length: people }, (_, index) => `disk-${index}`);
  const clients = await openCrowd({ urls, tokenOf, users });
  try {
    const rooms = await createRooms(clients, 2, "disk");
    const send = async (size: number, count: number): Promise<void> => {
      await forEachLimited([...Array(count).keys()], inFlight, async (index) => {
        const room = rooms[index % rooms.length];
        // Text that a page does not pack as one letter a thousand times.
        const text = `${index} ${"as people write, ".repeat(size)}`.slice(0, size);
        await room?.members[0]?.sendUntilAcked({ type: "send", id: `${size}-${index}`, channel: room.channel, text });
      });
    };
    // The first megabytes go to files that were made large at once.
    await send(sizes[0] - 1, Math.round(messages / 3));
    const grown: number[] = [];
    for (const size of sizes) {
      await pause(settleMs);
      const before = await bytesUnder(system.data);
      await send(size, messages);
      await pause(settleMs);
      grown.push((await bytesUnder(system.data)) - before);
    }
    return grown;
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** Of whole blocks, as `du` counts. */
async function bytesUnder(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith(".log"));
  const blocks = files.map(async ({ parentPath, name }) => {
    // Files come and go while they are listed.
    return await stat(join(parentPath, name)).then(
      (found) => found.blocks,
      () => 0,
    );
  });
  return (await Promise.all(blocks)).reduce((sum, count) => sum + count, 0) * 512;
}
