import type { Parcel } from "./pipe.ts";

/** What a screen may do with a connection. */
export interface Lanes {
  /** With `heldMs` these bytes and all behind them stay at least so long; Infinity: until the parcel is released. */
  toTarget(bytes: Buffer, heldMs?: number): Parcel;
  toClient(bytes: Buffer, heldMs?: number): Parcel;
  /** Resets both sides. */
  cut(): void;
}

/**
 * Looks at what goes over one connection and hands it on: whole messages, other ones, or none.
 * **Errors**: what it throws resets the connection.
 */
export interface Screen {
  fromClient(bytes: Buffer): void;
  fromTarget(bytes: Buffer): void;
  /** The connection is gone. */
  end(): void;
}

/** Makes the screen of a new connection. */
export type ScreenOf = (lanes: Lanes) => Screen;

/** Hands on everything as it comes. */
export const openScreen: ScreenOf = ({ toTarget, toClient }) => ({
  fromClient: (bytes) => void toTarget(bytes),
  fromTarget: (bytes) => void toClient(bytes),
  end: () => {},
});
