import { mkdir } from "node:fs/promises";
import type { Seq } from "@parley/protocol";
import { type Database, open } from "lmdb";
import type { ChannelSummary, LogEvent } from "../message-store.ts";
import type { OriginRecord } from "../origin.ts";

/** JSON on disk: it keeps lone characters (escaped) and key order, and can be read without Parley. */
export interface Tables {
  /** [channel, seq] */
  readonly events: Database<LogEvent, [string, number]>;
  /** [channel, sender, id]: the second unique key. */
  readonly requests: Database<Seq, [string, string, string]>;
  /** channel → contiguous head of these tables, moved in the transaction that puts the events, so it is exact. */
  readonly heads: Database<Seq, string>;
  /** [channel, target] */
  readonly origins: Database<OriginRecord & { readonly hasReactions?: true }, [string, number]>;
  /** [channel, target, user, emoji as JSON text (keys can't hold lone characters)] */
  readonly reactions: Database<{ readonly seq: Seq; readonly remove: boolean }, [string, number, string, string]>;
  readonly summaries: Database<ChannelSummary, string>;
  /** [user, channel] */
  readonly users: Database<UserRow, [string, string]>;
  /** "drained" → number of the last frame of the journal whose events are all here, moved in the transaction that puts them. */
  readonly journal: Database<number, "drained">;
  /** Told how many entries were read or looked up just now; for tests of cost. */
  touch(entries: number): void;
  /** Makes the next read see all that was committed. */
  refresh(): void;
  /** Runs the action in a write transaction shared with others that wait; resolves after the flush. */
  commit<T>(action: () => T): Promise<T>;
  close(): Promise<void>;
}

export interface UserRow {
  readonly in: Seq;
  readonly out: Seq;
  readonly read?: { readonly seq: Seq; readonly ordinal: number };
}

export async function openTables(path: string, onTouch: ((entries: number) => void) | undefined): Promise<Tables> {
  await mkdir(path, { recursive: true });
  const root = open({
    path,
    noSubdir: false,
    maxDbs: 16,
    encoding: "json",
    // See LmdbStore: a commit must not be visible before it is durable.
    overlappingSync: false,
    // The batches of a turn would be begun by a write whose promise lmdb drops: a full disk would end the process.
    eventTurnBatching: false,
  });
  return {
    events: root.openDB({ name: "events", encoding: "json" }),
    requests: root.openDB({ name: "requests", encoding: "json" }),
    heads: root.openDB({ name: "heads", encoding: "json" }),
    origins: root.openDB({ name: "origins", encoding: "json" }),
    reactions: root.openDB({ name: "reactions", encoding: "json" }),
    summaries: root.openDB({ name: "summaries", encoding: "json" }),
    users: root.openDB({ name: "users", encoding: "json" }),
    journal: root.openDB({ name: "journal", encoding: "json" }),
    touch: onTouch ?? (() => {}),
    refresh: () => root.resetReadTxn(),
    commit: async (action) => {
      try {
        return await root.transaction(action);
      } catch (error) {
        throw await reasonOf(error);
      }
    },
    close: () => root.close(),
  };
}

/** lmdb says "commit failed" and keeps the reason in a promise beside it, which nobody else awaits. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !("commitError" in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (reason) {
    return reason;
  }
}
