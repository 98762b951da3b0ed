import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { TokenVerifier } from "@parley/auth";
import type { Telemetry } from "@parley/telemetry";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { type Caller, createAuthorize } from "./authorize.ts";
import { answerError, HttpRefusal, sendProblem } from "./problem.ts";
import { addRoutes, type RouteParts } from "./routes.ts";

export interface HttpOptions extends RouteParts {
  readonly tokens: TokenVerifier;
  readonly telemetry: Telemetry;
  readonly apiKeys: readonly string[];
  readonly requestsPerMinute: number;
  readonly refusalsPerMinute: number;
}

/** 1,000 user ids of 64 characters with their quotes are 67 kB. */
const bodyBytesMax = 128 * 1024;
const requestTimeoutMs = 10_000;
const minuteMs = 60_000;
/** Callers that the limits remember at a time; the longest silent go first. */
const callersMax = 10_000;

/** The HTTP API, not yet listening: tests call it by `inject`. */
export async function buildHttp(options: HttpOptions): Promise<FastifyInstance> {
  const { telemetry } = options;
  const app = Fastify({
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    routerOptions: { maxParamLength: 128 },
    // A request that is under way when we close is answered; one that comes after it is told to go elsewhere.
    return503OnClosing: true,
  });
  // Types are checked by hand (parse-request.ts); the schemas document.
  app.setValidatorCompiler(() => () => true);
  app.setErrorHandler((error: Error, request, reply) => {
    const { isOurs } = answerError(error, reply);
    if (isOurs) telemetry.logger.error({ err: error, route: request.routeOptions.url }, "request failed");
  });
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, { status: 404, code: "not_found", detail: "There is no such route." }),
  );
  app.addHook("onResponse", async (_request, reply) => {
    telemetry.metrics.httpRequests.of(String(reply.statusCode)).inc();
    telemetry.metrics.httpSeconds.observe(reply.elapsedTime / 1_000);
  });

  await app.register(rateLimit, { global: false, cache: callersMax });
  await app.register(swagger, { openapi: openApi });
  await app.register(swaggerUi, { routePrefix: "/docs", staticCSP: true });
  await app.register(async (api) => {
    api.addHook("onRequest", createGate(app, options));
    addRoutes(api, options);
  });
  await app.ready();
  return app;
}

/** Lets only known callers through, each as often as it may. */
function createGate(app: FastifyInstance, options: HttpOptions): (request: FastifyRequest) => Promise<void> {
  const authorize = createAuthorize(options.apiKeys, options.tokens);
  const callers = new WeakMap<FastifyRequest, Caller>();
  const countCaller = app.createRateLimit({
    max: options.requestsPerMinute,
    timeWindow: minuteMs,
    keyGenerator: (request) => callers.get(request)?.name ?? "",
  });
  const countRefusal = app.createRateLimit({
    max: options.refusalsPerMinute,
    timeWindow: minuteMs,
    keyGenerator: (request) => `address-${request.ip}`,
  });

  async function assertBelow(limit: ReturnType<typeof countCaller>): Promise<void> {
    const state = await limit;
    if (state.isAllowed || !state.isExceeded) return;
    throw new HttpRefusal(429, "rate_limited", "Too many requests in this minute.", Math.max(1, state.ttlInSeconds));
  }

  return async (request) => {
    try {
      callers.set(request, await authorize(request.headers.authorization));
    } catch (error) {
      // Counted by address, so that guessing costs the guesser more than us.
      await assertBelow(countRefusal(request));
      throw error;
    }
    await assertBelow(countCaller(request));
  };
}

const openApi = {
  openapi: "3.1.0",
  info: {
    title: "Parley presence",
    description:
      "Who is online, and how the fleet is. Answers say `complete: false` while Redis was lost or is out of reach: users are then shown as last known, or as `unknown`, never as `offline` because data is missing.",
    version: "1",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  tags: [
    { name: "presence", description: "Users and their devices" },
    { name: "cluster", description: "The fleet" },
    { name: "admin", description: "What operators do" },
  ],
  components: {
    securitySchemes: {
      bearer: { type: "http" as const, scheme: "bearer", description: "An API key, or a token with scope admin" },
    },
  },
  security: [{ bearer: [] }],
};
