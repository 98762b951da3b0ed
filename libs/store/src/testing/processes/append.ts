// A process that appends to three channels as fast as it can, and says what was reported as appended; to be killed.
import { writeSync } from "node:fs";
import { messages } from "../contract/subject.ts";
import { openFromArguments } from "./open.ts";

const store = await openFromArguments();
await Promise.all(["a", "b", "c"].map(appendForEver));

async function appendForEver(channel: string): Promise<void> {
  let head = await store.head(channel);
  for (;;) {
    const count = 1 + (head % 7);
    const outcome = await store.append(channel, messages(channel, head + 1, head + count));
    if (outcome.kind !== "appended") throw new Error(`refused at ${head + 1 + outcome.at}`);
    head += count;
    // Past all buffers of this process, so that the kill can't take the line back.
    writeSync(1, `${channel} ${head}\n`);
  }
}
