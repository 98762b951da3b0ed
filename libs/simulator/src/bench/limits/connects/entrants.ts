import { type MeasuredSystem, startParley, systemKinds } from "../../side-by-side/systems.ts";
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

const layouts = [
  {
    name: "cluster",
    title: "Parley, two gateways and two chat servers",
    gateways: 2,
    command: "cluster",
    args: ["--gateways", "2", "--chat-servers", "2", "--store", "lmdb"],
  },
  {
    name: "joined",
    title: "Parley, roles joined in two processes",
    gateways: 2,
    command: "cluster",
    args: ["--joined", "2", "--store", "lmdb"],
  },
  { name: "embedded", title: "Parley embedded: one process", gateways: 1, command: "start", args: [] },
] as const;

/** Socket.IO, and each layout of Parley with its pacing as delivered and raised. */
export const entrants: readonly Entrant[] = [
  ...systemKinds
    .filter(({ name }) => name === "socket.io")
    .map(({ name, title, start }): Entrant => ({ name, title, isOurs: false, pacing: undefined, start })),
  ...layouts.flatMap(({ name, title, gateways, command, args }): readonly Entrant[] => [
    {
      name,
      title: `${title}, as delivered`,
      isOurs: true,
      pacing: { gateways, ...pacedByDefault },
      start: () => startParley(command, args),
    },
    {
      name: `${name}-raised`,
      title: `${title}, pacing raised`,
      isOurs: true,
      pacing: undefined,
      start: () =>
        startParley(command, args, {
          PARLEY_GATEWAY_HELLOS_PER_SECOND: String(pacingRaised.hellosPerS),
          PARLEY_GATEWAY_HELLOS_BURST: String(pacingRaised.hellosBurst),
        }),
    },
  ]),
];
