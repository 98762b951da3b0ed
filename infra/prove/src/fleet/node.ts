import type { ChildSpec, Supervisor, Up } from "@parley/run";
import { type FaultMessage, type Inspection, isInspection } from "@parley/run/testing";
import type { MongoProxy, RedisProxy, TcpProxy } from "@parley/simulator/faults";
import type { Coroner, Ending } from "./coroner.ts";
import { isReady, type Metrics, readMetrics } from "./metrics.ts";
import { waitFor } from "./wait.ts";

export type FleetRole = "gateway" | "chat-server" | "presence";

/** The proxies that a node's connections go through. */
export interface NodeProxies {
  /** Clients come in by it (gateways), gateways come in by it (chat servers); presence is asked straight. */
  readonly front?: TcpProxy;
  readonly redis: RedisProxy;
  /** Gateways have no store. */
  readonly store?: MongoProxy;
}

/** One process of the fleet; another one after each restart, at the same addresses. */
export interface FleetNode extends NodeProxies {
  readonly name: string;
  readonly role: FleetRole;
  /** Of now, or of the last one while there is none. */
  readonly pid: number;
  readonly isUp: boolean;
  /** How often it was started. */
  readonly starts: number;
  readonly up: Up;
  /** A signal after which it goes on (SIGSTOP, SIGCONT). */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** A signal that ends it; the supervisor starts it again. Not waited for. */
  end(name: "SIGKILL" | "SIGTERM"): void;
  /** Something else is about to end it. */
  expectEnd(how: Ending): void;
  /** A fault makes it fall, perhaps more than once, and nobody can foretell how. */
  expectAnything(): void;
  /** What was expected will not happen any more. */
  expectNothing(): void;
  /** Resolves when it has been started anew since it had been started so often, and is ready. */
  back(starts: number, withinMs?: number): Promise<void>;
  /** Ends it in an orderly way and starts it with other settings at the same addresses. */
  restartWith(environment: Readonly<Record<string, string>>): Promise<void>;
  tell(message: FaultMessage): void;
  inspect(): Promise<Inspection>;
  metrics(): Promise<Metrics>;
}

/** What the fleet tells the node of its process. */
export interface NodeEvents {
  cameUp(pid: number, up: Up): void;
  wentDown(): void;
  heard(message: unknown): void;
}

const backWithinMs = 60_000;
const inspectWithinMs = 10_000;
const stopWithinMs = 20_000;

export interface NodeOptions {
  readonly spec: ChildSpec;
  readonly role: FleetRole;
  readonly proxies: NodeProxies;
  readonly supervisor: Supervisor;
  readonly coroner: Coroner;
}

export async function startNode(options: NodeOptions): Promise<FleetNode & NodeEvents> {
  const { spec, role, proxies, supervisor, coroner } = options;
  const questions = new Map<number, (inspection: Inspection) => void>();
  const first = await supervisor.start(spec);
  let { pid, up } = first;
  let isUp = true;
  let starts = 1;
  let questionsAsked = 0;

  const tell = (message: FaultMessage): void => {
    if (!supervisor.send(spec.node, { ...message })) throw new Error(`${spec.node} is not there to be told`);
  };
  const node: FleetNode & NodeEvents = {
    name: spec.node,
    role,
    ...proxies,
    get pid() {
      return pid;
    },
    get isUp() {
      return isUp;
    },
    get starts() {
      return starts;
    },
    get up() {
      return up;
    },
    signal: (name) => void process.kill(pid, name),
    end(name) {
      coroner.expect(spec.node, name === "SIGKILL" ? name : 0);
      process.kill(pid, name);
    },
    expectEnd: (how) => coroner.expect(spec.node, how),
    expectAnything: () => coroner.expectAnything(spec.node),
    expectNothing: () => coroner.expectNothing(spec.node),
    back: (from, withinMs = backWithinMs) =>
      waitFor(`${spec.node} anew`, async () => starts > from && isUp && (await isReady(up.management)), withinMs),
    async restartWith(environment) {
      isUp = false;
      await supervisor.stop([spec.node], stopWithinMs);
      const child = await supervisor.start({ ...spec, environment: { ...spec.environment, ...environment } });
      node.cameUp(child.pid, child.up);
    },
    tell,
    async inspect() {
      questionsAsked += 1;
      const question = questionsAsked;
      const answer = Promise.withResolvers<Inspection>();
      questions.set(question, answer.resolve);
      const timer = setTimeout(() => answer.reject(new Error(`${spec.node} does not answer`)), inspectWithinMs);
      try {
        tell({ fault: "inspect", question });
        return await answer.promise;
      } finally {
        clearTimeout(timer);
        questions.delete(question);
      }
    },
    metrics: () => readMetrics(up.management),
    cameUp(newPid, newUp) {
      pid = newPid;
      up = newUp;
      isUp = true;
      starts += 1;
    },
    wentDown() {
      isUp = false;
    },
    heard(message) {
      if (isInspection(message)) questions.get(message.question)?.(message);
    },
  };
  return node;
}
