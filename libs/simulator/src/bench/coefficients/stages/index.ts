import { appendsStage } from "./appends.ts";
import { diskStage } from "./disk.ts";
import { fleetStage } from "./fleet.ts";
import { messagesStage } from "./messages/stage.ts";
import { peopleStage } from "./people.ts";
import type { Stage } from "./stage.ts";

/** In the order in which they are run. */
export const stages: readonly Stage[] = [messagesStage, peopleStage, diskStage, fleetStage, appendsStage];
