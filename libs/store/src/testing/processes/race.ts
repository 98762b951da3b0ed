// A process that appends each id it is told, as a chat server would, and says how that went.
import { createInterface } from "node:readline";
import { message } from "../contract/subject.ts";
import { openFromArguments } from "./open.ts";

const store = await openFromArguments();
console.log("ready");
for await (const id of createInterface({ input: process.stdin })) console.log(await appendOnce(id));
await store.close();

async function appendOnce(id: string): Promise<string> {
  for (;;) {
    const head = await store.head("raced");
    const outcome = await store.append("raced", [message("raced", head + 1, { id })]);
    if (outcome.kind === "appended") return `appended ${head + 1}`;
    const found = await store.findByRequest("raced", "ada", id);
    // Refused by the seq alone: somebody else's event has it.
    if (found !== undefined) return `refused found ${found.event.seq}`;
  }
}
