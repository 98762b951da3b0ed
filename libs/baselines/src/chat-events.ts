/** What clients and the servers of this folder say to each other over Socket.IO. */

/** One message as everybody in the room gets it. */
export interface ChatMessage {
  readonly room: string;
  readonly sender: string;
  readonly id: string;
  readonly text: string;
  /** ms since 1970. */
  readonly time: number;
}

/** What the ack of a `send` says; `time` is absent where the message was not taken. */
export interface SendAck {
  readonly time?: number;
  readonly error?: string;
}

export interface ClientEvents {
  join: (room: string, done: () => void) => void;
  send: (
    message: { readonly room: string; readonly id: string; readonly text: string },
    ack: (answer: SendAck) => void,
  ) => void;
  /** Messages of the room after a time, oldest first: what a client asks for when it has reconnected. */
  history: (
    query: { readonly room: string; readonly after: number },
    ack: (page: readonly ChatMessage[]) => void,
  ) => void;
}

export interface ServerEvents {
  message: (message: ChatMessage) => void;
}
