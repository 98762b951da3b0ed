/** A client's request that was not answered yet: its bytes as they came, to be sent again if the chat server goes. */
export interface OpenRequest {
  readonly ordinal: number;
  readonly bytes: Uint8Array;
  /** Went out through an attachment that was lost, so another copy may be under way. */
  isRepeat: boolean;
}
