import { type MeasuredSystem, systemKinds } from "../../side-by-side/systems.ts";
import { layouts } from "../layouts.ts";
import { type Pacing, pacedByDefault, pacingRaised } from "./pacing.ts";

/** A system whose connects are measured. */
export interface Entrant {
  readonly name: string;
  readonly title: string;
  readonly isOurs: boolean;
  /** Undefined: it has none, or it was raised beyond what the machine can do. */
  readonly pacing: Pacing | undefined;
  start(say: (line: string) => void): Promise<MeasuredSystem>;
}

const raised = {
  PARLEY_GATEWAY_HELLOS_PER_SECOND: String(pacingRaised.hellosPerS),
  PARLEY_GATEWAY_HELLOS_BURST: String(pacingRaised.hellosBurst),
};

/** Socket.IO, and each layout of Parley with its pacing as delivered and raised. */
export const entrants: readonly Entrant[] = [
  ...systemKinds
    .filter(({ name }) => name === "socket.io")
    .map(({ name, title, start }): Entrant => ({ name, title, isOurs: false, pacing: undefined, start })),
  ...layouts.flatMap(({ name, title, gateways, start }): readonly Entrant[] => [
    {
      name,
      title: `${title}, as delivered`,
      isOurs: true,
      pacing: { gateways, ...pacedByDefault },
      start: () => start(),
    },
    {
      name: `${name}-raised`,
      title: `${title}, pacing raised`,
      isOurs: true,
      pacing: undefined,
      start: () => start(raised),
    },
  ]),
];
