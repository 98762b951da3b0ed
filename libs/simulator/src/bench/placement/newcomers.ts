import { forEachLimited } from "../../run/limited.ts";
import type { RawClient } from "../clients/raw-client.ts";

const openingMax = 40;

/** Opens clients at a steady pace. **Errors**: none; who can't come in is counted. */
export async function openSlowly(
  users: readonly string[],
  perSecond: number,
  open: (user: string, index: number) => Promise<RawClient>,
): Promise<{ readonly opened: readonly RawClient[]; readonly refused: number }> {
  const begunAt = performance.now();
  const opened: RawClient[] = [];
  let refused = 0;
  await forEachLimited([...users.entries()], openingMax, async ([index, user]) => {
    const dueInMs = begunAt + (index * 1_000) / perSecond - performance.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueInMs)));
    await open(user, index).then(
      (client) => opened.push(client),
      () => {
        refused += 1;
      },
    );
  });
  return { opened, refused };
}
