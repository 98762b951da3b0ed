import { presencePageMax, presenceQueryMax } from "@parley/cluster";
import { isId, type UserId } from "@parley/protocol";
import { FieldError } from "../queries/answers.ts";

/* What a request says, read by hand: the framework's validator would turn types into each other to make them fit. */

/** **Errors**: FieldError that names the field, down to `users[3]`. */
export function parseQueryBody(body: unknown): readonly UserId[] {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new FieldError("body", "body: must be a JSON object with the field users");
  }
  const users: unknown = Object.hasOwn(body, "users") ? Reflect.get(body, "users") : undefined;
  if (!Array.isArray(users)) throw new FieldError("users", "users: must be an array of user ids");
  if (users.length > presenceQueryMax) {
    throw new FieldError("users", `users: must have at most ${presenceQueryMax} entries, not ${users.length}`);
  }
  return users.map((user: unknown, index) => parseIdField(`users[${index}]`, user));
}

export function parseIdField(field: string, value: unknown): string {
  if (isId(value)) return value;
  throw new FieldError(field, `${field}: must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -`);
}

export interface PageRequest {
  readonly cursor: string | undefined;
  readonly limit: number;
}

const limitDefault = 100;

export function parsePage(query: unknown): PageRequest {
  const fields = new Map(typeof query === "object" && query !== null ? Object.entries(query) : []);
  const cursor: unknown = fields.get("cursor");
  const limit: unknown = fields.get("limit") ?? String(limitDefault);
  if (cursor !== undefined && !(typeof cursor === "string" && /^[A-Za-z0-9_.~-]{1,80}$/.test(cursor))) {
    throw new FieldError("cursor", "cursor: must be one that an answer has given");
  }
  const count = typeof limit === "string" && /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
  if (count < 1 || count > presencePageMax) {
    throw new FieldError("limit", `limit: must be a whole number from 1 to ${presencePageMax}`);
  }
  return { cursor, limit: count };
}
