import type { History, Request } from "../history/history.ts";
import type { Content, HistoryLine, InvokeLine, RequestType, SeenEvent } from "../history/lines.ts";
import { type ChannelLog, type ChannelLogs, deliveredLine, logLine } from "./channel-log.ts";
import type { Findings } from "./violation.ts";

/** C1: what was acked is in the final log at that seq, with the same content. */
export function checkAcked(history: History, logs: ChannelLogs, findings: Findings): void {
  for (const line of history.strayAcks) findings.add("C1", `acked ${line.id}, which was never sent`, [line]);
  for (const request of history.requests.values()) {
    const [{ invoke }] = request.attempts;
    for (const ack of request.acks) {
      const place = `${ack.channel}/${ack.seq}`;
      const log = logs.get(ack.channel);
      const event = log?.find(ack.seq);
      if (log === undefined || event === undefined) {
        findings.add("C1", `acked as ${place}, which is not in the final log`, [invoke, ack]);
      } else if (!isEventOf(request, event) && !isCreationOf(request, event)) {
        const message = `acked as ${place}, where the final log holds another event`;
        findings.add("C1", message, [invoke, ack, logLine(event)]);
      } else if (!request.attempts.some((attempt) => isMadeOf(log, event, attempt.invoke))) {
        const message = `acked as ${place}, where the final log holds other content`;
        findings.add("C1", message, [invoke, ack, logLine(event)]);
      }
    }
  }
  for (const log of logs.values()) checkFold(log, findings);
}

/** Edits and deletions that are in the log must show in the message that they change. */
function checkFold(log: ChannelLog, findings: Findings): void {
  for (const event of log.read) {
    if (event.kind !== "message") continue;
    const deletion = log.deletionOf(event.seq);
    if (deletion !== undefined) {
      if (event.content.text === undefined) continue;
      const message = `${log.channel}/${event.seq} is deleted by ${deletion.seq} and still shows its text`;
      findings.add("C1", message, [logLine(deletion), logLine(event)]);
      continue;
    }
    const edit = log.editsOf(event.seq).at(-1);
    if (edit === undefined || edit.content.text === event.content.text) continue;
    const message = `${log.channel}/${event.seq} is edited by ${edit.seq} and shows another text`;
    findings.add("C1", message, [logLine(edit), logLine(event)]);
  }
}

/** C2: no (channel, sender, id) twice and no seq twice, in the log and in what acks said. */
export function checkUnique(history: History, logs: ChannelLogs, findings: Findings): void {
  for (const log of logs.values()) {
    const seqs = new Map<number, SeenEvent>();
    const ids = new Map<string, SeenEvent>();
    for (const event of log.read) {
      const sameSeq = seqs.get(event.seq);
      if (sameSeq !== undefined) {
        findings.add("C2", `${log.channel}/${event.seq} is there twice`, [logLine(sameSeq), logLine(event)]);
      }
      seqs.set(event.seq, event);
      if (event.id === undefined) continue;
      const key = `${event.sender}/${event.id}`;
      const sameId = ids.get(key);
      if (sameId !== undefined) {
        const message = `request ${key} made two events in ${log.channel}`;
        findings.add("C2", message, [logLine(sameId), logLine(event)]);
      }
      ids.set(key, event);
    }
  }
  checkCreations(logs, findings);
  checkWishes(history, logs, findings);
  checkAckSeqs(history, findings);
}

/** One request makes one channel. */
function checkCreations(logs: ChannelLogs, findings: Findings): void {
  const creations = new Map<string, SeenEvent>();
  for (const log of logs.values()) {
    for (const event of log.read) {
      if (event.kind !== "created" || event.id === undefined) continue;
      const key = `${event.sender}/${event.id}`;
      const other = creations.get(key);
      if (other !== undefined && other.channel !== event.channel) {
        const message = `request ${key} made the channels ${other.channel} and ${event.channel}`;
        findings.add("C2", message, [logLine(other), logLine(event)]);
      }
      creations.set(key, event);
    }
  }
}

/** What a program wished for once is there once, whatever its device called the copies. */
function checkWishes(history: History, logs: ChannelLogs, findings: Findings): void {
  const made = new Map<string, SeenEvent>();
  for (const log of logs.values()) {
    for (const event of log.read) {
      const request = history.requests.get(`${event.sender}/${event.id ?? ""}`);
      const wish = request?.attempts[0].invoke.wish;
      if (request === undefined || wish === undefined) continue;
      const key = `${request.user}/${request.device}/${wish}`;
      const other = made.get(key);
      made.set(key, event);
      if (other === undefined) continue;
      const message = `${log.channel}/${event.seq} was wished for once, and is at ${other.channel}/${other.seq} too`;
      findings.add("C2", message, [logLine(other), logLine(event)]);
    }
  }
}

/** One request has one seq, and one seq belongs to one request. */
function checkAckSeqs(history: History, findings: Findings): void {
  const owners = new Map<string, { readonly key: string; readonly line: HistoryLine }>();
  for (const [key, request] of history.requests) {
    const { acks } = request;
    const [first] = acks;
    if (first === undefined) continue;
    const other = acks.find((ack) => ack.seq !== first.seq || ack.channel !== first.channel);
    if (other !== undefined) findings.add("C2", `request ${key} was acked with two seqs`, [first, other]);
    // Two people may each ask for the direct channel of the two, and both are told of its one first event.
    if (request.attempts[0].invoke.type === "channel.create") continue;
    for (const ack of acks) {
      const place = `${ack.channel}/${ack.seq}`;
      const owner = owners.get(place);
      if (owner !== undefined && owner.key !== key) {
        findings.add("C2", `${place} was acked to ${owner.key} and to ${key}`, [owner.line, ack]);
      }
      owners.set(place, { key, line: ack });
    }
  }
}

/** C3: the seqs of a log are exactly 1..head. */
export function checkContiguous(logs: ChannelLogs, findings: Findings): void {
  for (const log of logs.values()) {
    for (let seq = 1; seq <= log.head; seq++) {
      if (log.find(seq) === undefined)
        findings.add("C3", `${log.channel}/${seq} is missing below the head ${log.head}`, []);
    }
    for (const event of log.read) {
      if (event.seq >= 1 && event.seq <= log.head) continue;
      findings.add("C3", `${log.channel}/${event.seq} lies outside 1..${log.head}`, [logLine(event)]);
    }
  }
}

/** C5: nothing is stored or delivered that was never sent, or that was refused for good. */
export function checkSent(history: History, logs: ChannelLogs, findings: Findings): void {
  for (const log of logs.values()) {
    for (const event of log.read) checkOrigin(history, log, event, logLine(event), findings);
  }
  for (const event of history.delivered) {
    const log = logs.get(event.channel);
    checkOrigin(history, log, event, deliveredLine(event), findings);
  }
  for (const { page } of history.reads) {
    for (const event of page?.events ?? []) {
      checkOrigin(history, logs.get(event.channel), event, deliveredLine(event), findings);
    }
  }
}

function checkOrigin(
  history: History,
  log: ChannelLog | undefined,
  event: SeenEvent,
  line: HistoryLine,
  findings: Findings,
): void {
  if (event.kind === "noop") return;
  const place = `${event.channel}/${event.seq}`;
  const request = event.id === undefined ? undefined : history.requests.get(`${event.sender}/${event.id}`);
  if (request === undefined) {
    findings.add("C5", `${place} was never sent by ${event.sender}`, [line]);
    return;
  }
  const [{ invoke }] = request.attempts;
  if (!request.attempts.some((attempt) => isMadeOf(log, event, attempt.invoke))) {
    findings.add("C5", `${place} is not what ${event.sender} sent`, [invoke, line]);
  }
  if (request.attempts.every(({ answer }) => answer?.line === "refused")) {
    const answers = request.attempts.flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
    findings.add("C5", `${place} was refused for good`, [invoke, ...answers, line]);
  }
}

function isEventOf(request: Request, event: SeenEvent): boolean {
  return event.sender === request.user && event.id === request.attempts[0].invoke.id;
}

/** A direct channel may have been made by the other one of the two. */
function isCreationOf({ user, attempts }: Request, event: SeenEvent): boolean {
  const [{ invoke }] = attempts;
  if (event.kind !== "created" || invoke.type !== "channel.create") return false;
  const isDirect = (event.channelKind ?? "direct") === "direct" && (invoke.channelKind ?? "direct") === "direct";
  return isDirect && (event.members ?? []).some((member) => member.user === user);
}

const kindOf: Readonly<Record<RequestType, SeenEvent["kind"]>> = {
  send: "message",
  edit: "edit",
  delete: "delete",
  react: "reaction",
  "channel.create": "created",
  "channel.invite": "member",
  "channel.remove": "member",
  "channel.leave": "member",
  "channel.role": "member",
};

/** Whether this event is what that frame asked for. */
export function isMadeOf(log: ChannelLog | undefined, event: SeenEvent, invoke: InvokeLine): boolean {
  if (kindOf[invoke.type] !== event.kind || (invoke.channel ?? event.channel) !== event.channel) return false;
  if (event.kind === "created" && !hasMembers(event, invoke)) return false;
  return hasContent(log, event, invoke.content);
}

/** The maker is not asked for and is in all the same. */
function hasMembers({ sender, members }: SeenEvent, asked: InvokeLine): boolean {
  if (asked.members === undefined || members === undefined) return true;
  const users = new Set(members.map(({ user }) => user));
  const wanted = new Set([...asked.members, sender]);
  return users.size === wanted.size && [...wanted].every((user) => users.has(user));
}

/**
 * Whether an event shows what was sent, with what later events of the log may have done to it: a message shows its own
 * text or that of an edit, and an erased one shows none.
 */
function hasContent(log: ChannelLog | undefined, event: SeenEvent, sent: Content): boolean {
  const { text, rest } = event.content;
  if (rest === sent.rest && text === sent.text) return true;
  if (log === undefined) return event.isEdited === true || event.isDeleted === true;
  const target = event.kind === "edit" ? event.target : event.seq;
  const isErased = target !== undefined && log.deletionOf(target) !== undefined;
  if (isErased && text === undefined) return true;
  return event.kind === "message" && rest === sent.rest && log.editedTexts(event.seq, 0).has(text);
}
