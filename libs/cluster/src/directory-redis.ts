import type { RedisCommands } from "./redis-commands.ts";
import { bucketKey, bucketOf } from "./redis-keys.ts";
import type { Directory, Placement } from "./registry.ts";
import { incarnationName, type RedisRegistry } from "./registry-redis.ts";

/** How often a claim may be found dead and replaced under our hands by another dead one. */
const attemptsMax = 5;

/**
 * user → chat server in Redis. A script keeps the first claim; a claim of a dead incarnation is replaced only by naming
 * it (compare and set), so that of several who find it dead the first one wins.
 */
export function createRedisDirectory(commands: RedisCommands, registry: RedisRegistry, prefix: string): Directory {
  const keyOf = (user: string) => bucketKey(prefix, bucketOf(user));
  const isLive = async (claim: Placement) =>
    (await registry.findLive([claim])).has(incarnationName(claim.node, claim.epoch));

  /** `replaceable`: the claim, in the words of the registry, that may be replaced though its node lives. */
  async function claim(user: string, wanted: Placement, replaceable: string): Promise<Placement> {
    let replaced = replaceable;
    for (let attempt = 1; ; attempt += 1) {
      const text = await commands.run((client) =>
        client.parleyClaim(keyOf(user), user, wanted.node, wanted.epoch, replaced),
      );
      const standing = parseClaim(text);
      const isOurs = standing.node === wanted.node && standing.epoch === wanted.epoch;
      if (isOurs || attempt === attemptsMax || (await isLive(standing))) return standing;
      replaced = text;
    }
  }

  return {
    claim: (user, wanted) => claim(user, wanted, ""),
    move: (user, from, to) => claim(user, to, `${from.node} ${from.epoch}`),
    async find(user) {
      const text = await commands.run((client) => client.hget(`${keyOf(user)}:claims`, user));
      if (text === null) return undefined;
      const claim = parseClaim(text);
      return (await isLive(claim)) ? claim : undefined;
    },
    async release(user, held) {
      await commands.run((client) => client.parleyRelease(keyOf(user), user, held.node, held.epoch));
    },
  };
}

function parseClaim(text: string): Placement {
  const space = text.indexOf(" ");
  return { node: text.slice(0, space), epoch: Number(text.slice(space + 1)) };
}
