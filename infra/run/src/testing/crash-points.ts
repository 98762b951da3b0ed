import type { Bus } from "@parley/bus";
import type { MessageStore } from "@parley/store";
import type { ProcessPorts } from "../ports.ts";
import type { CrashPoint } from "./fault-message.ts";

/** The ack is on its way to the gateway before the publish is asked for, but leaves at the end of that tick. */
const ackLeavesMs = 25;
/** Chat servers tell each other of events through their inboxes. */
const eventTopic = "parley:inbox";

export interface CrashPoints {
  /** Ends this process at the `nth` append from now. **Repeat**: the last call counts. */
  arm(point: CrashPoint, nth: number): void;
  wrap<Ports extends Pick<ProcessPorts, "bus" | "store">>(ports: Ports): Ports;
}

/**
 * Puts the points between the parts and their ports, where production has nothing. `end` must not return; it is
 * SIGKILL, so that nothing is tidied up, except in the tests of this file.
 */
export function createCrashPoints(end: (point: CrashPoint) => void): CrashPoints {
  let armed: { readonly point: CrashPoint; left: number } | undefined;
  let isPublishNext = false;

  /** True when it is this append's turn to be the last. */
  const isTurn = (point: CrashPoint): boolean => {
    if (armed?.point !== point) return false;
    armed.left -= 1;
    return armed.left <= 0;
  };

  const wrapStore = (store: MessageStore): MessageStore =>
    new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        if (name !== "append") return member.bind(target);
        return async (...args: Parameters<MessageStore["append"]>) => {
          if (isTurn("before-insert")) end("before-insert");
          const outcome = await target.append(...args);
          if (outcome.kind === "appended") {
            if (isTurn("after-insert")) end("after-insert");
            if (isTurn("before-publish")) isPublishNext = true;
          }
          return outcome;
        };
      },
    });

  const wrapBus = (bus: Bus): Bus =>
    new Proxy(bus, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        if (name !== "publish") return member.bind(target);
        return (topic: string, payload: Uint8Array): Promise<number> => {
          if (!isPublishNext || !topic.startsWith(eventTopic)) return target.publish(topic, payload);
          setTimeout(() => end("before-publish"), ackLeavesMs);
          return new Promise(() => {});
        };
      },
    });

  return {
    arm(point, nth) {
      armed = { point, left: nth };
      isPublishNext = false;
    },
    wrap(ports) {
      let store: Promise<MessageStore> | undefined;
      return {
        ...ports,
        bus: wrapBus(ports.bus),
        store() {
          store ??= ports.store().then(wrapStore);
          return store;
        },
      };
    },
  };
}
