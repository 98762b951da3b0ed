import { presencePageMax, presenceQueryMax } from "@parley/cluster";
import { idPattern } from "@parley/protocol";

/* JSON Schemas of the HTTP API: what is documented at /docs, and what parameters are checked by. */

const id = (what: string) => ({ type: "string", pattern: idPattern, description: what }) as const;
const time = (what: string) => ({ type: "integer", description: `${what}, ms since 1970` }) as const;
const complete = {
  type: "boolean",
  description:
    "false: Redis was lost, out of reach or has just come back. What is missing then proves nothing: users are shown as last known, or as unknown.",
} as const;
const cursor = {
  type: "string",
  maxLength: 80,
  description: "Where the next page begins; absent on the last page.",
} as const;

const device = {
  type: "object",
  required: ["device", "gateway", "server", "since"],
  properties: {
    device: id("Device, as the client named it"),
    gateway: id("Gateway that the socket is on"),
    server: id("Chat server that holds the session"),
    since: time("When the socket was opened"),
  },
} as const;

const user = {
  type: "object",
  required: ["user", "status", "devices"],
  properties: {
    user: id("User"),
    status: {
      type: "string",
      enum: ["online", "offline", "unknown"],
      description: "`unknown` only together with `complete: false`, where nothing was known before.",
    },
    lastSeen: time("When the last connection went"),
    devices: { type: "array", items: device },
  },
} as const;

const node = {
  type: "object",
  required: ["node", "address", "process", "epoch", "draining", "load"],
  properties: {
    node: id("Name of the node"),
    address: { type: "string" },
    process: { type: "string", description: "Nodes of one process name the same." },
    epoch: { type: "integer", description: "Grows with every start of the node." },
    draining: { type: "boolean" },
    load: {
      type: "object",
      required: ["sessions", "eventLoopDelayMs", "cpu"],
      properties: {
        sessions: { type: "integer" },
        eventLoopDelayMs: { type: "number" },
        cpu: { type: "number", description: "1 = one core" },
        openRequests: { type: "integer", description: "Client requests that are not answered yet" },
      },
    },
    drain: {
      type: "object",
      description: "While it drains; as old as its last heartbeat.",
      required: ["since", "sessionsAtBegin", "sessionsLeft"],
      properties: {
        since: time("When the drain began"),
        sessionsAtBegin: { type: "integer" },
        sessionsLeft: { type: "integer" },
        openRequests: { type: "integer", description: "Client requests that are not answered yet" },
      },
    },
  },
} as const;

const problem = {
  description: "Why not (RFC 9457)",
  content: {
    "application/problem+json": {
      schema: {
        type: "object",
        required: ["type", "title", "status", "detail", "code"],
        properties: {
          type: { type: "string" },
          title: { type: "string" },
          status: { type: "integer" },
          detail: { type: "string" },
          code: { type: "string" },
          field: { type: "string", description: "The field at fault" },
        },
      },
    },
  },
} as const;

const drain = {
  type: "object",
  required: ["node", "epoch", "nodes", "draining", "watch"],
  properties: {
    node: id("Node that was named"),
    epoch: { type: "integer", description: "The incarnation that was asked" },
    nodes: { type: "array", items: id("Node of the same process"), description: "All that drain and end with it" },
    draining: { type: "boolean", description: "It drained already when this request came." },
    watch: { type: "string", description: "Where the progress is seen" },
  },
} as const;

function answers(schema: object, ...statuses: number[]): Record<string, unknown> {
  const refusals = [400, 401, 403, 429, ...statuses].map((status) => [String(status), problem] as const);
  return { 200: schema, ...Object.fromEntries(refusals) };
}

const page = {
  type: "object",
  properties: {
    cursor: { type: "string", minLength: 1, maxLength: 80, description: "From the page before" },
    limit: { type: "integer", minimum: 1, maximum: presencePageMax, default: 100 },
  },
} as const;

const params = (name: "user" | "channel" | "node") =>
  ({ type: "object", required: [name], properties: { [name]: id(name) } }) as const;

export const routeSchemas = {
  user: {
    summary: "Presence of one user",
    tags: ["presence"],
    params: params("user"),
    response: answers(
      { ...user, required: [...user.required, "complete"], properties: { ...user.properties, complete } },
      404,
      503,
    ),
  },
  query: {
    summary: "Presence of many users, in the order asked",
    description: "A user whom nobody has ever seen is `offline` without `lastSeen`.",
    tags: ["presence"],
    body: {
      type: "object",
      required: ["users"],
      properties: { users: { type: "array", maxItems: presenceQueryMax, items: id("User") } },
    },
    response: answers({
      type: "object",
      required: ["complete", "users"],
      properties: { complete, users: { type: "array", items: user } },
    }),
  },
  channel: {
    summary: "Members of a channel that are online",
    description: "A page may hold fewer than `limit` users and still have a `cursor`.",
    tags: ["presence"],
    params: params("channel"),
    querystring: page,
    response: answers(
      {
        type: "object",
        required: ["complete", "channel", "members", "users"],
        properties: {
          complete,
          channel: id("Channel"),
          members: { type: "integer", description: "Members, online or not" },
          users: {
            type: "array",
            items: { ...user, properties: { ...user.properties, role: { type: "string" } } },
          },
          cursor,
        },
      },
      404,
      503,
    ),
  },
  online: {
    summary: "Everyone online",
    tags: ["presence"],
    querystring: page,
    response: answers({
      type: "object",
      required: ["complete", "users"],
      properties: { complete, users: { type: "array", items: user }, cursor },
    }),
  },
  drain: {
    summary: "Drain a node's process",
    description:
      "As SIGTERM does: the process hands over what it holds, within its bounds, and ends with exit code 0; whoever supervises it starts it anew. 202: it was asked, and hears of it with its next heartbeat at the latest. 200: it drains already. Asking again does nothing more. The wish ends with the incarnation: a process that was started anew meanwhile is not drained.",
    tags: ["admin"],
    params: params("node"),
    response: { ...answers(drain, 404, 503), 202: drain },
  },
  cluster: {
    summary: "Gateways, chat servers, their load, ring share, draining or not",
    tags: ["cluster"],
    response: answers({
      type: "object",
      required: ["complete", "gateways", "chatServers", "presence"],
      properties: {
        complete,
        gateways: { type: "array", items: node },
        chatServers: {
          type: "array",
          items: {
            ...node,
            properties: {
              ...node.properties,
              weight: { type: "number" },
              ringShare: { type: "number", description: "Part of all users and channels whose home it is, 0 to 1" },
            },
          },
        },
        presence: { type: "array", items: node },
      },
    }),
  },
} as const;
