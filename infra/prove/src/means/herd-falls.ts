import type { Fleet } from "../fleet/fleet.ts";
import type { Arena } from "../run/arena.ts";
import { openHerd } from "./herd.ts";

/**
 * Connects `sockets` people more to one gateway, kills it, and waits until all are back, telling how long each part of
 * the herd took. **Errors**: rejects where they could not be connected, or were not back in time.
 */
export async function letHerdFall(
  { fleet, random, strike, pause, until, figure, scene }: Arena<Fleet>,
  sockets: number,
  parts: readonly { readonly name: string; readonly share: number }[],
  backWithinMs: number,
): Promise<void> {
  const [first, ...others] = random.sample(fleet.gateways, fleet.gateways.length);
  if (first === undefined) throw new Error("there is no gateway");
  const urls = [first, ...others].map(({ up }) => up.ws ?? "");
  const herd = await openHerd({ count: sockets, urls, tokenOf: fleet.tokenOf, random });
  try {
    await pause(1_500);
    const held = first.front?.connections ?? 0;
    if (held < sockets) throw new Error(`${first.name} holds ${held} sockets, not ${sockets}`);
    const { starts } = first;
    first.end("SIGKILL");
    strike(`${first.name} killed with ${held} sockets`);
    const from = scene.now();
    await until("the end of the sockets", () => herd.online() < herd.size / 2, 15_000);
    for (const { name, share } of parts) {
      await until(`${name} back`, () => herd.online() >= herd.size * share, backWithinMs);
      figure(`${name} back after`, `${((scene.now() - from) / 1_000).toFixed(1)} s`);
    }
    await first.back(starts);
    await pause(1_000);
  } finally {
    await herd.close();
  }
}
