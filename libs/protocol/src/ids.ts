declare const brand: unique symbol;
/** 1 to 64 characters `[A-Za-z0-9_-]`. Note that `constructor` and `__proto__` are such ids: never use one as a key of a plain object. */
export type ChannelId = string & { readonly [brand]?: "channel" };
/** 1 to 64 characters `[A-Za-z0-9_-]`. */
export type UserId = string & { readonly [brand]?: "user" };
/** 1 to 64 characters `[A-Za-z0-9_-]`, chosen by the client, unique per user. */
export type RequestId = string & { readonly [brand]?: "request" };
/** 1 to 64 characters `[A-Za-z0-9_-]`. */
export type DeviceId = string & { readonly [brand]?: "device" };
/** A whole number from 1, by channel, without gaps; 0 stands for "before the first". */
export type Seq = number;
export type Role = "owner" | "moderator" | "member" | "reader";

/** What every id on the wire looks like; a source for regular expressions and JSON Schema alike. */
export const idPattern = "^[A-Za-z0-9_-]{1,64}$";

const idExpression = new RegExp(idPattern);

/** Whether this is a channel, user, request or device id as the wire allows them. */
export function isId(value: unknown): value is string {
  return typeof value === "string" && idExpression.test(value);
}
