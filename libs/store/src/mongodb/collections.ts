import { type Collection, type Db, MongoClient } from "mongodb";
import { StoreError } from "../message-store.ts";
import type { ClaimDocument } from "./claims.ts";
import type { EventDocument } from "./documents.ts";

/** Derived facts of a channel; see ChannelSummary. */
export interface ChannelDocument {
  _id: string;
  verified?: number;
  activeAt?: number;
  applied?: number;
  /** Ranked JSON. */
  snapshot?: string;
}

export interface UserDocument {
  _id: string;
  channels?: Record<string, { in?: number; out?: number }>;
  /** Ranked ordinal. */
  reads?: Record<string, string>;
}

export interface Collections {
  readonly client: MongoClient;
  readonly db: Db;
  readonly events: Collection<EventDocument>;
  readonly channels: Collection<ChannelDocument>;
  readonly users: Collection<UserDocument>;
  /** The same collection as `events`; see {@link ClaimDocument}. */
  readonly claims: Collection<ClaimDocument>;
  /** The server looks up nothing but `_id` quickly (FerretDB says who it is in `buildInfo`). */
  readonly isPointOnly: boolean;
}

export interface ConnectOptions {
  readonly url: string;
  readonly database: string;
  /** Most connections to each server. */
  readonly connectionsMax: number;
  /** Longest wait for a server to write to, and for a free connection. */
  readonly selectionTimeoutMs: number;
  /** Longest silence of a server that was asked something. */
  readonly answerTimeoutMs: number;
}

/**
 * Connects, and creates the indexes that the guarantees rest on.
 * **Errors**: StoreError `unavailable` that names the hosts, never the credentials.
 */
export async function openCollections(options: ConnectOptions): Promise<Collections> {
  let client: MongoClient | undefined;
  try {
    client = new MongoClient(options.url, {
      maxPoolSize: options.connectionsMax,
      serverSelectionTimeoutMS: options.selectionTimeoutMs,
      waitQueueTimeoutMS: options.selectionTimeoutMs,
      connectTimeoutMS: options.selectionTimeoutMs,
      socketTimeoutMS: options.answerTimeoutMs,
      // One attempt, one outcome: after a second attempt of the driver's own "surely not done" could not be told from
      // "unknown". Callers try again at the same seqs anyway.
      retryWrites: false,
      readPreference: "primary",
      readConcern: { level: "majority" },
      // Below the answer timeout, so that the server's own word comes first.
      writeConcern: { w: "majority", journal: true, wtimeoutMS: Math.ceil(options.answerTimeoutMs * 0.8) },
      ignoreUndefined: true,
    });
    await client.connect();
    const db = client.db(options.database);
    const isPointOnly = "ferretdbVersion" in (await db.admin().command({ buildInfo: 1 }));
    const events = db.collection<EventDocument>("events");
    const unique = { unique: true };
    // It says what `_id` says, and orders ranges. A server that looks up no range would only maintain it.
    if (!isPointOnly) await events.createIndex({ channel: 1, seq: 1 }, unique);
    await events.createIndex({ channel: 1, sender: 1, id: 1 }, unique);
    const channels = db.collection<ChannelDocument>("channels");
    const users = db.collection<UserDocument>("users");
    // There always is this index: asking for it makes the collection, now and not under the first load.
    await Promise.all([channels.createIndex({ _id: 1 }), users.createIndex({ _id: 1 })]);
    return {
      client,
      db,
      events,
      channels,
      users,
      claims: db.collection(events.collectionName),
      isPointOnly,
    };
  } catch (error) {
    await client?.close();
    const name = error instanceof Error ? error.name : "";
    throw new StoreError("unavailable", `no usable MongoDB server at ${hostsOf(options.url)} (${name})`, {
      cause: error,
    });
  }
}

function hostsOf(url: string): string {
  return /^[a-z+]+:\/\/(?:[^@/]*@)?([^/?]*)/.exec(url)?.[1] ?? "an address that can't be parsed";
}
