import { createRandom, type Random } from "../random.ts";
import { type MongoRule, type RequestChoice, type RequestFault, Rule } from "./mongo-rules.ts";
import { createMongoScreen } from "./mongo-screen.ts";
import type { Lanes, Screen } from "./screen.ts";
import { FaultProxy, type TcpProxy, type TcpProxyOptions } from "./tcp-proxy.ts";
import { proxiedUrl, targetOf } from "./urls.ts";

export interface MongoProxyOptions extends Omit<TcpProxyOptions, "target"> {
  /** `mongodb://`, of a single server. */
  readonly url: string;
}

/** A TCP proxy that knows requests and replies of the MongoDB wire protocol. Compressed ones are not looked into. */
export interface MongoProxy extends TcpProxy {
  /** The given URL by way of the proxy. */
  readonly url: string;
  /** Those that may still hit, or hold something. */
  readonly rules: readonly MongoRule[];
  /** Requests that the server answered after the client had heard of a write-concern timeout. */
  readonly lateRequests: number;
  /** The first rule that hits a request decides. **Errors**: throws with 1,000 rules under way. */
  add(fault: RequestFault, choice?: RequestChoice): MongoRule;
  hold(options: RequestChoice & { readonly end: "release" | "cut"; readonly afterMs?: number }): MongoRule;
  cutBeforeRequest(choice?: RequestChoice): MongoRule;
  answer(
    options: RequestChoice & {
      readonly error: "notPrimary" | "writeConcernTimeout";
      /** Of a write-concern timeout: when the request reaches the server; default 0. */
      readonly forwardAfterMs?: number;
    },
  ): MongoRule;
  slow(options: RequestChoice & { readonly ms: number }): MongoRule;
  /** Ends all rules and lets go on what they hold. */
  clearRules(): void;
}

/** **Errors**: rejects when it can't listen there, or on a URL without exactly one host. */
export async function startMongoProxy(options: MongoProxyOptions): Promise<MongoProxy> {
  const proxy = new MongoFaultProxy(options);
  await proxy.listen(options);
  return proxy;
}

const rulesMax = 1_000;

class MongoFaultProxy extends FaultProxy implements MongoProxy {
  lateRequests = 0;
  readonly #options: MongoProxyOptions;
  readonly #random: Random;
  readonly #timers = new Set<NodeJS.Timeout>();
  #rules: Rule[] = [];
  #lastId = 0;

  constructor(options: MongoProxyOptions) {
    super({ ...options, target: targetOf(options.url, 27_017) });
    this.#options = options;
    this.#random = createRandom(options.seed).fork();
  }

  get url(): string {
    // Else the driver asks for the members of the set and goes to them past the proxy.
    return proxiedUrl(this.#options.url, this, { directConnection: "true" });
  }

  get rules(): readonly MongoRule[] {
    return this.#rules.filter((rule) => !rule.isOver || rule.holding > 0);
  }

  add(fault: RequestFault, choice: RequestChoice = {}): MongoRule {
    this.#rules = this.#rules.filter((rule) => !rule.isOver || rule.holding > 0);
    if (this.#rules.length >= rulesMax) throw new RangeError(`no more than ${rulesMax} rules at a time`);
    this.#lastId += 1;
    const rule = new Rule(this.#lastId, fault, choice, this.#random.fork());
    this.#rules.push(rule);
    return rule;
  }

  hold({ end, afterMs, ...choice }: Parameters<MongoProxy["hold"]>[0]): MongoRule {
    return this.add({ kind: "hold", end, ...(afterMs === undefined ? {} : { afterMs }) }, choice);
  }

  cutBeforeRequest(choice?: RequestChoice): MongoRule {
    return this.add({ kind: "cutBeforeRequest" }, choice);
  }

  answer({ error, forwardAfterMs = 0, ...choice }: Parameters<MongoProxy["answer"]>[0]): MongoRule {
    const fault = error === "notPrimary" ? { error } : { error, forwardAfterMs };
    return this.add({ kind: "answer", ...fault }, choice);
  }

  slow({ ms, ...choice }: Parameters<MongoProxy["slow"]>[0]): MongoRule {
    return this.add({ kind: "slow", ms }, choice);
  }

  clearRules(): void {
    const ended = this.#rules;
    this.#rules = [];
    for (const rule of ended) {
      rule.cancel();
      rule.release();
    }
  }

  override heal(): void {
    super.heal();
    this.clearRules();
  }

  override createScreen(lanes: Lanes): Screen {
    return createMongoScreen(lanes, {
      ruleFor: (command) => this.#rules.find((rule) => rule.takes(command)),
      target: () => this.target,
      later: (action, afterMs) => this.#later(action, afterMs),
      onLate: () => {
        this.lateRequests += 1;
      },
    });
  }

  override close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    return super.close();
  }

  #later(action: () => void, afterMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, afterMs);
    this.#timers.add(timer);
  }
}
