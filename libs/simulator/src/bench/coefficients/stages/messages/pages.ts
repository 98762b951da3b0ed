import { setTimeout as pause } from "node:timers/promises";
import { createRandom } from "../../../../random.ts";
import { forEachLimited } from "../../../../run/limited.ts";
import { openRawClient, type RawClient } from "../../../clients/raw-client.ts";
import type { MeasuredSystem } from "../../../side-by-side/systems.ts";
import { lookAt, type Totals } from "../../measure/look.ts";
import { perSecond } from "../../measure/window.ts";
import type { Findings } from "../../names.ts";
import { findingOf, show } from "../../reckon/finding.ts";
import type { StageOptions } from "../stage.ts";

export const pageEvents = 50;
const channelEvents = 400;
const fillingInFlight = 32;
/** At few a second each would wake every process for itself. */
const pagesPerS = 80;
const text = "a message of some sixty characters, as people write them";

/** Pages of 50 from anywhere in a channel, at an even pace; `idle` of a window as long. **Errors**: where one is refused. */
export async function measurePages(
  system: MeasuredSystem,
  idle: Totals,
  { seconds, repeats, say }: StageOptions,
): Promise<Findings> {
  say(`pages of ${pageEvents} events, ${pagesPerS} a second`);
  const client = await openRawClient({ url: system.urls[0] ?? "", user: "reader", token: system.tokenOf("reader") });
  try {
    const { channel } = await client.request({ type: "channel.create", id: "pages", kind: "group", members: [] });
    const ids = Array.from({ length: channelEvents }, (_, index) => `page-fill-${index}`);
    await forEachLimited(ids, fillingInFlight, async (id) => {
      await client.sendUntilAcked({ type: "send", id, channel: String(channel), text });
    });
    const windows: Totals[] = [];
    // The first one compiles the code and is left out.
    for (let round = 0; round <= repeats; round++) {
      const window = await readPages(system, client, String(channel), round === 0 ? 2 : seconds, round);
      if (round > 0) windows.push(window);
    }
    const each = (name: keyof Totals): readonly number[] =>
      windows.map((rates) => (rates[name] - idle[name]) / pagesPerS);
    const how = `pages of ${pageEvents} from anywhere in a channel of ${channelEvents}, ${pagesPerS} a second, idling left out`;
    const seen = `ms a page: gateway ${list(each("gatewayCpuMs"))}, chat server ${list(each("chatCpuMs"))}, store ${list(each("storeCpuMs"))}`;
    const textBytes = pageEvents * Buffer.byteLength(text);
    return {
      gatewayPageMs: findingOf(each("gatewayCpuMs"), how, seen),
      chatPageMs: findingOf(each("chatCpuMs"), how, seen),
      mongoPageMs: findingOf(each("storeCpuMs"), how, seen),
      pageBytes: findingOf(
        each("clientOutBytes").map((bytes) => bytes - textBytes),
        how,
        `${list(each("clientOutBytes"))} bytes a page, of them ${textBytes} of texts`,
      ),
    };
  } finally {
    await client.close();
  }
}

function list(values: readonly number[]): string {
  return values.map(show).join(" and ");
}

async function readPages(
  system: MeasuredSystem,
  client: RawClient,
  channel: string,
  seconds: number,
  round: number,
): Promise<Totals> {
  const random = createRandom(round + 1);
  const from = await lookAt(system);
  const beganAt = performance.now();
  const reading: Promise<void>[] = [];
  for (let index = 0; index < pagesPerS * seconds; index++) {
    await pause(Math.max(0, beganAt + (index * 1_000) / pagesPerS - performance.now()));
    const after = random.integer(0, channelEvents - pageEvents);
    const frame = { type: "history", id: `page-${round}-${index}`, channel, after, limit: pageEvents };
    reading.push(
      client.request(frame).then(({ events }) => {
        if (!Array.isArray(events) || events.length !== pageEvents) throw new Error("a page of history is not whole");
      }),
    );
  }
  await Promise.all(reading);
  return perSecond(from, await lookAt(system));
}
