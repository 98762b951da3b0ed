import { type Client, createClient } from "@parley/client";
import { forEachLimited, type Random } from "@parley/simulator";

export interface HerdOptions {
  readonly count: number;
  /** The gateway that all of them begin at comes first. */
  readonly urls: readonly string[];
  readonly tokenOf: (user: string) => string;
  readonly random: Random;
}

/** People who are connected through the SDK and say nothing. */
export interface Herd {
  readonly size: number;
  online(): number;
  close(): Promise<void>;
}

const connectingMax = 50;

/** Resolves when all are connected. **Errors**: rejects where one cannot. */
export async function openHerd({ count, urls, tokenOf, random }: HerdOptions): Promise<Herd> {
  let isGathering = true;
  const clients = Array.from({ length: count }, (_, index) => {
    return createClient({
      urls,
      token: () => tokenOf(`herd-${index}`),
      device: "herd",
      // Draws choose where a client begins; later ones spread the herd when it comes back.
      random: () => (isGathering ? 0 : random.fraction()),
    });
  });
  const close = (): Promise<void> => forEachLimited(clients, connectingMax, (client) => client.close());
  try {
    await forEachLimited(clients, connectingMax, async (client) => void (await client.connect()));
    isGathering = false;
  } catch (error) {
    await close();
    throw error;
  }
  const isOnline = ({ state }: Client): boolean => state.kind === "online";
  return { size: count, online: () => clients.filter(isOnline).length, close };
}
