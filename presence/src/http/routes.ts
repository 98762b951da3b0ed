import type { Cluster } from "@parley/cluster";
import type { FastifyInstance } from "fastify";
import { FieldError } from "../queries/answers.ts";
import { readChannelPage } from "../queries/channels.ts";
import { askDrain, drainWatch } from "../queries/drains.ts";
import { describeFleet } from "../queries/fleet.ts";
import type { Memberships } from "../queries/membership.ts";
import type { UserQueries } from "../queries/users.ts";
import { parseIdField, parsePage, parseQueryBody } from "./parse-request.ts";
import { routeSchemas } from "./schemas.ts";

export interface RouteParts {
  readonly cluster: Cluster;
  readonly users: UserQueries;
  readonly memberships: Memberships;
}

/** The routes below /v1; who may call them was settled before. */
export function addRoutes(app: FastifyInstance, { cluster, users, memberships }: RouteParts): void {
  app.get<{ Params: { user: string } }>("/v1/presence/users/:user", { schema: routeSchemas.user }, ({ params }) =>
    users.one(parseIdField("user", params.user)),
  );

  app.post("/v1/presence/query", { schema: routeSchemas.query }, ({ body }) => users.many(parseQueryBody(body)));

  app.get<{ Params: { channel: string } }>(
    "/v1/presence/channels/:channel",
    { schema: routeSchemas.channel },
    ({ params, query }) => {
      const channel = parseIdField("channel", params.channel);
      const { cursor, limit } = parsePage(query);
      if (cursor !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(cursor)) {
        throw new FieldError("cursor", "cursor: must be one that an answer has given");
      }
      return readChannelPage(memberships, users, channel, cursor, limit);
    },
  );

  app.get("/v1/presence/online", { schema: routeSchemas.online }, ({ query }) => {
    const { cursor, limit } = parsePage(query);
    return users.online(cursor, limit);
  });

  app.post<{ Params: { node: string } }>(
    "/v1/admin/servers/:node/drain",
    { schema: routeSchemas.drain },
    async ({ params }, reply) => {
      const answer = await askDrain(cluster.registry, parseIdField("node", params.node));
      return reply
        .code(answer.draining ? 200 : 202)
        .header("location", drainWatch)
        .send(answer);
    },
  );

  app.get("/v1/cluster", { schema: routeSchemas.cluster }, () => describeFleet(cluster.registry.view()));
}
