import { STATUS_CODES } from "node:http";
import { KeysUnavailableError, TokenError } from "@parley/auth";
import { RegistryError } from "@parley/cluster";
import { StoreError } from "@parley/store";
import type { FastifyError, FastifyReply } from "fastify";
import { FieldError, NotFoundError } from "../queries/answers.ts";

/** What a refusal says. **Source**: RFC 9457 (problem details); `code` and `field` are our members. */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly field?: string;
}

export type ProblemCode =
  | "bad_request"
  | "unauthenticated"
  | "token_expired"
  | "forbidden"
  | "not_found"
  | "too_large"
  | "rate_limited"
  | "unavailable"
  | "internal";

/** A refusal that a handler or hook throws. */
export class HttpRefusal extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  readonly retryAfterS: number | undefined;
  constructor(status: number, code: ProblemCode, message: string, retryAfterS?: number) {
    super(message);
    this.name = "HttpRefusal";
    this.status = status;
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

/** When to come back after something we depend on was away, s. */
const unavailableRetryS = 2;

export function sendProblem(reply: FastifyReply, problem: Omit<Problem, "type" | "title">): FastifyReply {
  const { status } = problem;
  const body: Problem = { type: "about:blank", title: STATUS_CODES[status] ?? "Error", ...problem };
  if (status === 401) reply.header("www-authenticate", "Bearer");
  // A string, so that a route's response schema does not apply.
  return reply.code(status).type("application/problem+json; charset=utf-8").send(JSON.stringify(body));
}

/** Turns whatever was thrown into an answer; `isOurs` tells that we are at fault and it must be logged. */
export function answerError(error: FastifyError | Error, reply: FastifyReply): { readonly isOurs: boolean } {
  const answer = (status: number, code: ProblemCode, detail: string, field?: string) => {
    sendProblem(reply, { status, code, detail, ...(field === undefined ? {} : { field }) });
    return { isOurs: status === 500 };
  };
  if (error instanceof HttpRefusal) {
    if (error.retryAfterS !== undefined) reply.header("retry-after", String(error.retryAfterS));
    return answer(error.status, error.code, error.message);
  }
  if (error instanceof FieldError) return answer(400, "bad_request", error.message, error.field);
  if (error instanceof NotFoundError) return answer(404, "not_found", error.message);
  if (error instanceof TokenError) {
    const isExpired = error.code === "token_expired";
    return answer(401, error.code, isExpired ? "The token has expired." : "The token is not valid.");
  }
  const isDependency =
    error instanceof StoreError || error instanceof RegistryError || error instanceof KeysUnavailableError;
  if (isDependency) {
    reply.header("retry-after", String(unavailableRetryS));
    return answer(503, "unavailable", "Something that is needed for the answer is out of reach; try again.");
  }
  const status = "statusCode" in error ? (error.statusCode ?? 500) : 500;
  if (status === 413) return answer(413, "too_large", "body: is larger than this route takes");
  if (status === 415) return answer(415, "bad_request", "content-type: must be application/json");
  // Fastify's own refusals of what it could not read: a body that is no JSON, and the like.
  if (status >= 400 && status < 500) return answer(400, "bad_request", `body: ${error.message}`, "body");
  return answer(500, "internal", "Something went wrong here.");
}
