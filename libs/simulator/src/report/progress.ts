import { Presets, SingleBar } from "cli-progress";
import type { Counters } from "../history/observed-socket.ts";

/** Tells how a run goes while it goes. Everything goes to stderr, so that stdout is the result alone. */
export interface Progress {
  phase(text: string): void;
  /** Once a second or so while the load lasts. */
  tick(elapsedS: number, counters: Readonly<Counters>, online: number): void;
  end(): void;
}

const plainEveryS = 5;

/** A bar with live rates on a terminal, plain lines elsewhere. */
export function createProgress(seconds: number, stream: NodeJS.WriteStream): Progress {
  const rates = createRates();
  if (!stream.isTTY) {
    let nextS = plainEveryS;
    return {
      phase: (text) => void stream.write(`${text}\n`),
      tick(elapsedS, counters, online) {
        if (elapsedS < nextS) return;
        const { sentPerS, deliveredPerS } = rates(elapsedS, counters);
        nextS += plainEveryS;
        stream.write(
          `${Math.floor(elapsedS)} of ${seconds} s: ${sentPerS} sent/s, ${deliveredPerS} delivered/s, ${online} online\n`,
        );
      },
      end: () => {},
    };
  }
  const bar = new SingleBar(
    {
      stream,
      format:
        "{bar} {value}/{total} s | {sent} sent/s | {delivered} delivered/s | {online} online | {reconnects} reconnects",
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  let isShown = false;
  const end = (): void => {
    if (isShown) bar.stop();
    isShown = false;
  };
  return {
    phase(text) {
      end();
      stream.write(`${text}\n`);
    },
    tick(elapsedS, counters, online) {
      if (!isShown) bar.start(seconds, 0, { sent: 0, delivered: 0, online, reconnects: 0 });
      isShown = true;
      const { sentPerS, deliveredPerS } = rates(elapsedS, counters);
      bar.update(Math.min(seconds, Math.floor(elapsedS)), {
        sent: sentPerS,
        delivered: deliveredPerS,
        online,
        reconnects: counters.connections,
      });
    },
    end,
  };
}

/** Rates since the call before. */
function createRates() {
  let lastS = 0;
  let last = { sent: 0, delivered: 0 };
  return (elapsedS: number, { sent, delivered }: Readonly<Counters>) => {
    const spanS = Math.max(0.001, elapsedS - lastS);
    const rate = {
      sentPerS: Math.round((sent - last.sent) / spanS),
      deliveredPerS: Math.round((delivered - last.delivered) / spanS),
    };
    lastS = elapsedS;
    last = { sent, delivered };
    return rate;
  };
}
