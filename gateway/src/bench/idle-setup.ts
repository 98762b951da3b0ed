/** What the measured process is told, as JSON in its environment. */
export interface IdleSetup {
  readonly isBare: boolean;
  /** Link address of the scripted chat server. */
  readonly address: string;
  readonly secret: string;
  readonly kid: string;
  readonly key: string;
}
