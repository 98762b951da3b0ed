import type { Scenario } from "./scenario.ts";
import type { Outcome } from "./simulate.ts";

/** One run as a person reads it: its faults, what was asked and answered, and the logs at the end. */
export function explain(scenario: Scenario, outcome: Outcome): string {
  const lines: { readonly at: number; readonly text: string }[] = [];
  for (const { at, ...fault } of scenario.faults) lines.push({ at, text: `fault ${JSON.stringify(fault)}` });
  for (const [channel, store] of outcome.stores) {
    for (const { at, head } of store.growth.slice(1))
      lines.push({ at, text: `        the majority has ${channel} 1..${head}` });
  }
  for (const { operation, request, server, sentAt, answer, answeredAt } of outcome.history.attempts) {
    const prev = request.prev === undefined ? "" : ` after ${request.prev}`;
    const name = `${request.id}${operation.isRaw ? " (raw)" : ""}`;
    const wish = JSON.stringify(request.wish);
    lines.push({
      at: sentAt,
      text: `    ${request.sender} asks server ${server}: ${name} ${request.channel} ${wish}${prev}`,
    });
    if (answer === undefined) continue;
    const unknown = !answer.ok && answer.isUnknown ? ", unknown" : "";
    const said = answer.ok
      ? `seq ${answer.seq}${answer.isDuplicate ? " again" : ""}`
      : `${answer.code}: ${answer.message}${unknown}`;
    lines.push({ at: answeredAt, text: `    ${request.sender} hears of ${name} (asked at ${sentAt}): ${said}` });
  }
  const shown = 80;
  lines.sort((a, b) => a.at - b.at);
  const logs = [...outcome.stores].flatMap(([channel, store]) =>
    store.everything().map(({ seq, sender, id, body }) => `${channel} ${seq}: ${sender} ${id} ${JSON.stringify(body)}`),
  );
  const broken = outcome.violations.map(({ rule, text }) => `${rule}: ${text}`);
  const head = `seed ${scenario.seed}, ${scenario.servers} servers, pages of ${scenario.pageEvents}, devices ${JSON.stringify(scenario.devices)}`;
  return [
    head,
    ...lines.slice(0, shown).map(({ at, text }) => `${String(at).padStart(6)} ${text}`),
    ...(lines.length > shown ? [`       and ${lines.length - shown} lines more`] : []),
    ...logs,
    ...broken,
  ].join("\n");
}
