import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { parseFaultChange } from "./fault-settings.ts";
import { FieldError, findNumber, findText, findWhole, mustBe, parseFields } from "./fields.ts";
import type { MongoProxy } from "./mongo-proxy.ts";
import { mongoRequests } from "./mongo-requests.ts";
import type { MongoRule } from "./mongo-rules.ts";
import { parsePushChange, type RedisProxy } from "./redis-proxy.ts";
import type { TcpProxy } from "./tcp-proxy.ts";

export interface ProxyControlOptions {
  /** Default 0: a free one, on 127.0.0.1. */
  readonly port?: number;
}

export interface ProxyControl {
  readonly url: string;
  close(): Promise<void>;
}

type AnyProxy = TcpProxy & Partial<Omit<MongoProxy & RedisProxy, keyof TcpProxy>>;

/** A request that names what is not there (404), or what this proxy can't do (400). */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const bodyBytesMax = 64 * 1024;

/**
 * Drives proxies over HTTP on loopback, for people and for other languages. The map may grow later.
 *
 *     GET    /proxies, /proxies/{name}, /proxies/{name}/rules
 *     POST   /proxies/{name}/faults, /heal, /cut, /retarget             any proxy
 *     POST   /proxies/{name}/push                                       Redis
 *     POST   /proxies/{name}/hold, /cut-before-request, /answer, /slow  MongoDB: makes a rule
 *     POST   /proxies/{name}/rules/{id}/release
 *     DELETE /proxies/{name}/rules, /proxies/{name}/rules/{id}
 *
 * **Errors**: 400 with `{field, message}` for a body that can't be meant so, 404 for what is not there.
 */
export async function startProxyControl(
  proxies: Readonly<Record<string, TcpProxy>>,
  { port = 0 }: ProxyControlOptions = {},
): Promise<ProxyControl> {
  const server = createServer((request, response) => void answer(proxies, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  proxies: Readonly<Record<string, TcpProxy>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let [status, result]: [number, unknown] = [200, undefined];
  try {
    result = route(proxies, request, await readJson(request));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof FieldError) [status, result] = [400, { field: error.field, message }];
    else [status, result] = [error instanceof Refusal ? error.status : 500, { message }];
  }
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(result));
}

function route(proxies: Readonly<Record<string, TcpProxy>>, request: IncomingMessage, body: unknown): unknown {
  const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
  const [root, name, action, id, last] = path.split("/").slice(1).map(decodeURIComponent);
  if (root !== "proxies") throw new Refusal(404, "there is nothing but /proxies");
  if (name === undefined) return Object.entries(proxies).map(([each, proxy]) => show(each, proxy));
  const proxy: AnyProxy | undefined = Object.hasOwn(proxies, name) ? proxies[name] : undefined;
  if (proxy === undefined) throw new Refusal(404, `no proxy is called ${name}; there are ${Object.keys(proxies)}`);
  if (action === "rules") return routeRules(proxy, request.method, id, last);
  if (action === undefined && request.method === "GET") return show(name, proxy);
  if (action === undefined || request.method !== "POST") throw new Refusal(405, "that takes a POST");
  const result = act(proxy, action, body);
  return result ?? show(name, proxy);
}

/** Undefined where the proxy itself says it all. */
function act(proxy: AnyProxy, action: string, body: unknown): object | undefined {
  const makeRule = mongoRequests[action];
  if (makeRule !== undefined) {
    const { fault, choice } = makeRule(body);
    if (proxy.add === undefined) throw new Refusal(400, `${action} needs a MongoDB proxy`);
    return showRule(proxy.add(fault, choice));
  }
  switch (action) {
    case "faults":
      return void proxy.set(parseFaultChange(body));
    case "heal":
      return void proxy.heal();
    case "cut":
      return { cut: proxy.cut({ share: findNumber(parseFields("body", body, ["share"]), "share", 0, 1) ?? 1 }) };
    case "retarget": {
      const fields = parseFields("body", body, ["host", "port"]);
      const port = mustBe("port", findWhole(fields, "port", 1, 65_535));
      return void proxy.retarget({ host: findText(fields, "host") ?? proxy.target.host, port });
    }
    case "push":
      if (proxy.setPush === undefined) throw new Refusal(400, "push needs a Redis proxy");
      return void proxy.setPush(parsePushChange(body));
    default:
      throw new Refusal(404, `nothing is called ${action}`);
  }
}

function routeRules(proxy: AnyProxy, method = "", id?: string, last?: string): unknown {
  const { rules } = proxy;
  if (rules === undefined) throw new Refusal(400, "rules need a MongoDB proxy");
  if (id === undefined) {
    if (method === "DELETE") proxy.clearRules?.();
    return (proxy.rules ?? []).map(showRule);
  }
  const rule = rules.find((one) => one.id === Number(id));
  if (rule === undefined) throw new Refusal(404, `no rule has the id ${id}`);
  if (method === "DELETE") rule.cancel();
  else if (method === "POST" && last === "release") rule.release();
  return showRule(rule);
}

function show(name: string, proxy: AnyProxy): object {
  const { host, port, target, connections, counters, faults, push, pushCounters, lateRequests } = proxy;
  return { name, host, port, target, connections, counters, faults, push, pushCounters, lateRequests };
}

function showRule({ id, fault, choice, hits, holding, isOver }: MongoRule): object {
  return { id, ...fault, ...choice, hits, holding, isOver };
}

/** An empty body is an empty object. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes: Buffer = chunk;
    length += bytes.length;
    if (length > bodyBytesMax) throw new FieldError("body", `must have at most ${bodyBytesMax} bytes`);
    chunks.push(bytes);
  }
  if (length === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
    return value;
  } catch {
    throw new FieldError("body", "must be JSON");
  }
}
