import { type Fields, isFields } from "../../history/content.ts";

/** The admin's questions to the presence process. */
export interface Admin {
  /** **Errors**: rejects where the answer is none, or takes longer than 5 s. */
  ask(path: string, body?: Fields): Promise<Fields>;
  /** Which chat server holds each of these users' sessions; those who are nowhere are left out. */
  serversOf(users: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

const answerWithinMs = 5_000;
const queryMax = 1_000;

export function createAdmin(presence: string, token: string): Admin {
  const ask = async (path: string, body?: Fields): Promise<Fields> => {
    const response = await fetch(`${presence}${path}`, {
      signal: AbortSignal.timeout(answerWithinMs),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok || !isFields(answer)) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  return {
    ask,
    async serversOf(users) {
      const servers = new Map<string, string>();
      for (let from = 0; from < users.length; from += queryMax) {
        const answer = await ask("/v1/presence/query", { users: users.slice(from, from + queryMax) });
        const found = Array.isArray(answer["users"]) ? answer["users"].filter(isFields) : [];
        for (const { user, devices } of found) {
          const [device] = Array.isArray(devices) ? devices.filter(isFields) : [];
          if (device !== undefined) servers.set(String(user), String(device["server"]));
        }
      }
      return servers;
    },
  };
}
