import { type ClientFrameType, clientFrameSchemas } from "./client-frames.ts";
import { type FrameDefinition, frameDefinitions, type JsonObject, plain } from "./json-schema.ts";
import { WIRE_VERSION } from "./wire-version.ts";

/** What a server may say to a request of this type; `error` beside it wherever there is an answer at all. */
const answers: Readonly<Record<ClientFrameType, readonly string[]>> = {
  hello: ["server.welcome", "server.error"],
  send: ["server.ack", "server.error"],
  edit: ["server.ack", "server.error"],
  delete: ["server.ack", "server.error"],
  react: ["server.ack", "server.error"],
  read: [],
  typing: [],
  history: ["server.result", "server.error"],
  "channel.create": ["server.result", "server.error"],
  "channel.invite": ["server.ack", "server.error"],
  "channel.remove": ["server.ack", "server.error"],
  "channel.leave": ["server.ack", "server.error"],
  "channel.role": ["server.ack", "server.error"],
  channels: ["server.result", "server.error"],
  "presence.watch": ["server.result", "server.error"],
  "presence.unwatch": ["server.result", "server.error"],
  refresh: ["server.result", "server.error"],
};

/**
 * The AsyncAPI document of the WebSocket side, from the gateway's point of view: it *receives* what clients send.
 * **Source**: AsyncAPI Specification 3.0.0.
 */
export function asyncApiDocument(): JsonObject {
  return {
    asyncapi: "3.0.0",
    id: "urn:parley:v1",
    info: {
      title: "Parley wire protocol",
      version: `${WIRE_VERSION}.0.0`,
      description:
        "JSON text frames over a WebSocket, subprotocol `parley.v1`, one object a frame. " +
        "The first frame is `hello`; nothing else is accepted before `welcome`.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    defaultContentType: "application/json",
    servers: {
      gateway: { host: "localhost:8080", protocol: "ws", description: "A gateway as `npm start` runs it." },
    },
    channels: {
      socket: {
        address: "/v1/ws",
        title: "One client's socket",
        servers: [{ $ref: "#/servers/gateway" }],
        messages: Object.fromEntries(
          frameDefinitions.map(({ name }) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: {
          ws: {
            method: "GET",
            headers: {
              type: "object",
              properties: { "Sec-WebSocket-Protocol": { type: "string", const: "parley.v1" } },
            },
            bindingVersion: "0.1.0",
          },
        },
      },
    },
    operations: Object.fromEntries([...receiveOperations(), ...sendOperations()]),
    components: {
      messages: Object.fromEntries(frameDefinitions.map((definition) => [definition.name, message(definition)])),
      schemas: Object.fromEntries(frameDefinitions.map(({ name, schema }) => [name, plain(schema)])),
    },
  };
}

const socket = { $ref: "#/channels/socket" };

function receiveOperations(): [string, JsonObject][] {
  return Object.keys(clientFrameSchemas).map((type) => {
    const replies = answers[type as ClientFrameType];
    const reply = replies.length === 0 ? {} : { reply: { channel: socket, messages: replies.map(onSocket) } };
    return [
      `receive.${type}`,
      { action: "receive", channel: socket, messages: [onSocket(`client.${type}`)], ...reply },
    ];
  });
}

function sendOperations(): [string, JsonObject][] {
  return frameDefinitions
    .filter(({ from }) => from === "server")
    .map(({ name }) => [
      name.replace("server.", "send."),
      { action: "send", channel: socket, messages: [onSocket(name)] },
    ]);
}

function message({ name, schema, examples }: FrameDefinition): JsonObject {
  return {
    name,
    title: name,
    summary: plain(schema).description,
    payload: { $ref: `#/components/schemas/${name}` },
    examples: examples.map((payload) => ({ payload })),
  };
}

function onSocket(name: string): JsonObject {
  return { $ref: `#/channels/socket/messages/${name}` };
}
