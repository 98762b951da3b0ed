import { createRandom, type Random } from "../random.ts";
import { defined, delayMsMax } from "./fault-settings.ts";
import { type Fields, findNumber, parseFields } from "./fields.ts";
import { createRespSplitter } from "./resp.ts";
import type { Lanes, Screen } from "./screen.ts";
import { FaultProxy, type TcpProxy, type TcpProxyOptions } from "./tcp-proxy.ts";
import { proxiedUrl, targetOf } from "./urls.ts";

/** What happens to published messages on their way to a subscriber; each share is 0 to 1, drawn from the seed. */
export interface PushFaults {
  /** Of all: lost. */
  readonly drop: number;
  /** Of those not lost: sent twice. */
  readonly double: number;
  /** Of what is sent: late, so that later ones overtake it. */
  readonly reorder: number;
  /** How late at most; drawn for each. */
  readonly reorderMs: number;
}

export interface PushCounters {
  /** As they came from the server. */
  readonly pushes: number;
  readonly dropped: number;
  readonly doubled: number;
  readonly delayed: number;
}

export interface RedisProxyOptions extends Omit<TcpProxyOptions, "target"> {
  /** `redis://`, of a single server. */
  readonly url: string;
}

/** A TCP proxy that knows the published messages (RESP2 and RESP3) among what a Redis server sends. */
export interface RedisProxy extends TcpProxy {
  /** The given URL by way of the proxy. */
  readonly url: string;
  readonly push: PushFaults;
  readonly pushCounters: PushCounters;
  /** What is absent stays. */
  setPush(change: Partial<PushFaults>): void;
}

/** **Errors**: rejects when it can't listen there, or on a URL without exactly one host. */
export async function startRedisProxy(options: RedisProxyOptions): Promise<RedisProxy> {
  const proxy = new RedisFaultProxy(options);
  await proxy.listen(options);
  return proxy;
}

/** **Errors**: FieldError that names the field. */
export function parsePushChange(value: unknown): Partial<PushFaults> {
  const fields: Fields = parseFields("body", value, ["drop", "double", "reorder", "reorderMs"]);
  return defined({
    drop: findNumber(fields, "drop", 0, 1),
    double: findNumber(fields, "double", 0, 1),
    reorder: findNumber(fields, "reorder", 0, 1),
    reorderMs: findNumber(fields, "reorderMs", 0, delayMsMax, " ms"),
  });
}

/** Late messages of one connection; with more, they are not late. */
const delayedMax = 10_000;

class RedisFaultProxy extends FaultProxy implements RedisProxy {
  push: PushFaults = { drop: 0, double: 0, reorder: 0, reorderMs: 50 };
  readonly pushCounters = { pushes: 0, dropped: 0, doubled: 0, delayed: 0 };
  readonly #url: string;
  readonly #random: Random;

  constructor(options: RedisProxyOptions) {
    super({ ...options, target: targetOf(options.url, 6_379) });
    this.#url = options.url;
    this.#random = createRandom(options.seed).fork();
  }

  get url(): string {
    return proxiedUrl(this.#url, this);
  }

  setPush(change: Partial<PushFaults>): void {
    this.push = { ...this.push, ...change };
  }

  override heal(): void {
    super.heal();
    this.setPush({ drop: 0, double: 0, reorder: 0 });
  }

  override createScreen(lanes: Lanes): Screen {
    const split = createRespSplitter();
    const random = this.#random.fork();
    const late = new Set<NodeJS.Timeout>();
    let isSubscriber = false;
    const send = (bytes: Buffer): void => {
      if (late.size >= delayedMax || !random.chance(this.push.reorder)) return void lanes.toClient(bytes);
      this.pushCounters.delayed += 1;
      const timer = setTimeout(() => {
        late.delete(timer);
        lanes.toClient(bytes);
      }, random.fraction() * this.push.reorderMs);
      late.add(timer);
    };
    const deliver = (bytes: Buffer): void => {
      this.pushCounters.pushes += 1;
      if (random.chance(this.push.drop)) {
        this.pushCounters.dropped += 1;
        return;
      }
      const isDoubled = random.chance(this.push.double);
      if (isDoubled) this.pushCounters.doubled += 1;
      for (let copy = 0; copy < (isDoubled ? 2 : 1); copy += 1) send(bytes);
    };
    return {
      fromClient: (bytes) => void lanes.toTarget(bytes),
      fromTarget: (chunk) => {
        for (const { bytes, kind } of split(chunk)) {
          if (kind === "confirmation") isSubscriber = true;
          // A list that a command answers may look like a message; only subscribers get messages.
          if (kind === "message" && isSubscriber) deliver(bytes);
          else lanes.toClient(bytes);
        }
      },
      end() {
        for (const timer of late) clearTimeout(timer);
        late.clear();
      },
    };
  }
}
