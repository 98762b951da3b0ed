import { type ClientFrame, closeCode, errorFrame, parseClientFrame } from "@parley/protocol";
import { handleAppend, handleCreate } from "./handlers/append.ts";
import { handleChannels } from "./handlers/channels.ts";
import { handleRead, handleTyping } from "./handlers/ephemeral.ts";
import { handleHistory } from "./handlers/history.ts";
import { handleUnwatch, handleWatch } from "./handlers/presence.ts";
import { handleRefresh } from "./handlers/refresh.ts";
import { keepForSession } from "./kept.ts";
import { type Outcome, reject, reply } from "./outcome.ts";
import type { Services } from "./services.ts";
import type { Session, WaitingRequest } from "./session.ts";

const badFramesMax = 10;
const badFramesWindowMs = 60_000;

/** One client frame: schema, rate limit, handler, and the one place that answers. Never throws. */
export function handleRequest(services: Services, session: Session, request: WaitingRequest): void {
  const { ordinal } = request;
  const parsed = parseClientFrame(request.bytes);
  if (!parsed.ok) {
    const { code } = parsed.error;
    session.reply(ordinal, parsed.error);
    services.telemetry.metrics.refusals.of(code).inc();
    if (code === "bad_frame" && isOneTooMany(session, services.clock.now())) {
      session.closeSocket(closeCode.tooMany, "too many bad frames");
    }
    return;
  }
  const { frame } = parsed;
  const id = "id" in frame ? frame.id : undefined;
  const waitMs = session.owner.rate.take(id, services.clock.now());
  if (waitMs > 0) {
    services.telemetry.metrics.refusals.of("rate_limited").inc();
    if (id === undefined) settle(session, ordinal);
    else session.reply(ordinal, errorFrame("rate_limited", "too many requests", { id, retryAfterMs: waitMs }));
    return;
  }
  services.telemetry.metrics.requests.of(frame.type).inc();
  const startedAt = performance.now();
  const finish = (outcome: Outcome): void => {
    answer(services, session, ordinal, outcome);
    if (frame.type === "send") services.telemetry.metrics.ackSeconds.observe((performance.now() - startedAt) / 1_000);
  };
  try {
    const outcome = route(services, session, frame, request.isRepeat, finish);
    if (outcome instanceof Promise) outcome.then(finish, (error: unknown) => finish(fail(services, frame, error)));
    else if (outcome !== undefined) finish(outcome);
  } catch (error) {
    finish(fail(services, frame, error));
  }
}

/** Undefined: what comes of it goes to `finish`, now or later. */
function route(
  services: Services,
  session: Session,
  frame: ClientFrame,
  isRepeat: boolean,
  finish: (outcome: Outcome) => void,
): Outcome | Promise<Outcome> | undefined {
  switch (frame.type) {
    case "hello":
      return reply(errorFrame("bad_frame", "type: hello was said already"));
    case "send":
    case "edit":
    case "delete":
    case "react":
    case "channel.invite":
    case "channel.remove":
    case "channel.leave":
    case "channel.role":
      handleAppend(services, session, frame, isRepeat, finish);
      return undefined;
    case "channel.create":
      return handleCreate(services, session, frame, isRepeat);
    case "history":
      return handleHistory(services, session, frame);
    case "channels":
      return handleChannels(services, session, frame);
    case "read":
      return handleRead(services, session, frame);
    case "typing":
      return handleTyping(services, session, frame);
    case "presence.watch":
      return handleWatch(services, session, frame).then((outcome) => kept(session, outcome));
    case "presence.unwatch":
      return kept(session, handleUnwatch(services, session, frame));
    case "refresh":
      return handleRefresh(services, session, frame);
    default:
      return frame satisfies never;
  }
}

function kept(session: Session, outcome: Outcome): Outcome {
  if (!session.isClosed) keepForSession(session);
  return outcome;
}

function answer(services: Services, session: Session, ordinal: number, outcome: Outcome): void {
  if (session.isClosed) return;
  switch (outcome.kind) {
    case "reply":
      if (typeof outcome.frame !== "string" && outcome.frame.type === "error") {
        services.telemetry.metrics.refusals.of(outcome.frame.code).inc();
      }
      session.reply(ordinal, outcome.frame);
      break;
    case "done":
      settle(session, ordinal);
      break;
    case "close":
      session.closeSocket(outcome.code, outcome.reason);
      break;
    default:
      outcome satisfies never;
  }
}

function settle(session: Session, ordinal: number): void {
  session.link.send({ type: "settled", attachment: session.attachment, ordinals: [ordinal] });
}

/** The world failed (the store, the key server): worth another try, and the client is told so. */
function fail(services: Services, frame: ClientFrame, error: unknown): Outcome {
  services.telemetry.logger.debug({ err: error, type: frame.type }, "request failed");
  if ("id" in frame) return reject(frame.id, "unavailable", "the server could not answer just now", 1_000);
  return { kind: "done" };
}

function isOneTooMany(session: Session, now: number): boolean {
  session.badFrames = [...(session.badFrames ?? []), now].filter((at) => at > now - badFramesWindowMs);
  return session.badFrames.length >= badFramesMax;
}
