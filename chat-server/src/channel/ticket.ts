import type { AppendRequest } from "./request.ts";

/** One request that waits for its place in the log, with everybody who wants to hear the answer. */
export interface Ticket<Asker> {
  /** Order of arrival. */
  readonly order: number;
  readonly request: AppendRequest;
  readonly key: string;
  readonly askers: Asker[];
  /** Token of the newest effect when the newest asker came: what was begun up to there may have seen an older log. */
  askedAt: number;
  /** The log was read at majority after every asker had come, so a refusal may leave (rule 6). */
  isReadSince: boolean;
  /** `prev` was looked for in the store since, and what was found is known. */
  isPrevSought: boolean;
  /** The request's own id was looked for in the store. */
  isSelfSought: boolean;
  /** What the request points at was looked for in the store. */
  isTargetSought: boolean;
}
