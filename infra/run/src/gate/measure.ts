import { openChatServers } from "./chat-server/scenario.ts";
import { openGateway } from "./gateway/scenario.ts";
import { openReference } from "./reference.ts";
import { type Measured, measureWork, type Work } from "./slices.ts";

/**
 * The measured process of `npm run bench -- gate`: `measure.ts chat-server|gateway` prints what a message costs there, as
 * one JSON list. It must be started as the gate starts it (`libs/simulator/src/bench/gate/measure.ts`), with room for
 * everything that a slice allocates.
 */
const scenarios: Readonly<Record<string, () => Promise<readonly Work[]>>> = {
  "chat-server": openChatServers,
  gateway: openGateway,
};
const options = { slices: 32, warmRounds: 400 };

const open = scenarios[process.argv[2] ?? ""];
if (open === undefined) throw new Error(`scenarios are ${Object.keys(scenarios).join(", ")}`);
const works = await open();
const reference = await openReference();
const measured: Measured[] = [];
for (const work of works) measured.push(await measureWork(work, reference, options));
// At once: there is nothing to drain, and the far end stands still.
process.stdout.write(`${JSON.stringify(measured)}\n`, () => process.exit(0));
