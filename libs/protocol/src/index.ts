declare const brand: unique symbol;
export type ChannelId = string & { readonly [brand]?: "channel" };
export type UserId = string & { readonly [brand]?: "user" };
export type RequestId = string & { readonly [brand]?: "request" };
export type DeviceId = string & { readonly [brand]?: "device" };
/** A whole number from 1, by channel, without gaps; 0 stands for "before the first". */
export type Seq = number;
export type Role = "owner" | "moderator" | "member" | "reader";
