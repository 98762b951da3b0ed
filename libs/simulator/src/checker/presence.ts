import type { History } from "../history/history.ts";
import type { Terms } from "./terms.ts";
import type { Findings } from "./violation.ts";

/** R21: a user is online while any connection stands, and only then; presence may lag and may say that it can't know. */
export function checkPresence(history: History, { presenceWithinMs }: Terms, findings: Findings): void {
  const answers = history.sides.filter((line) => line.line === "presence");
  if (answers.length === 0) return;
  const connections = Map.groupBy(history.connections.values(), ({ connected }) => connected.user);
  for (const line of answers) {
    const own = connections.get(line.user) ?? [];
    const standing = own.find(({ resumed, closed }) => {
      return (
        resumed !== undefined && resumed.at + presenceWithinMs <= line.askedAt && (closed?.at ?? line.at) >= line.at
      );
    });
    const recent = own.find(({ connected, closed }) => {
      return connected.at <= line.at && (closed === undefined || closed.at + presenceWithinMs >= line.askedAt);
    });
    if (line.status === "offline" && standing !== undefined) {
      const message = `${line.user} was called offline and held connection ${standing.connected.connection}`;
      findings.add("R21", message, [standing.connected, line]);
    }
    if (line.status === "online" && recent === undefined) {
      findings.add("R21", `${line.user} was called online and had no connection for ${presenceWithinMs} ms`, [line]);
    }
  }
}
