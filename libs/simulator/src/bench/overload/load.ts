import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type FromGenerator, isFromGenerator, type LoadFigures, type ToGenerator } from "./generator-messages.ts";

export interface LoadOptions {
  readonly urls: readonly string[];
  readonly tokenOf: (user: string) => string;
  readonly users: number;
  readonly roomSize: number;
  /** Processes that share the users; one that has no core left to itself would measure itself. */
  readonly generators: number;
}

/** People who send at a given rate, in processes of their own. */
export interface Load {
  setRate(perS: number): void;
  /** What happened since the last call, over all generators; `cpu` is that of the busiest. */
  take(): Promise<LoadFigures>;
  end(): void;
}

/** **Errors**: rejects where somebody can't connect or a room can't be made. */
export async function startLoad({ urls, tokenOf, users, roomSize, generators }: LoadOptions): Promise<Load> {
  const children = Array.from({ length: generators }, () => {
    return fork(fileURLToPath(new URL("./generator.ts", import.meta.url)), {
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
  });
  const share = Math.ceil(users / generators);
  const end = (): void => {
    for (const child of children) if (child.connected) child.disconnect();
  };
  try {
    await Promise.all(
      children.map((child, index) => {
        const tokens = Array.from({ length: share }, (_, at) => `load-${index}-${at}`).map(
          (user) => [user, tokenOf(user)] as const,
        );
        return call(child, { kind: "open", name: `load-${index}`, urls, tokens, roomSize }, "opened");
      }),
    );
  } catch (cause) {
    end();
    throw cause;
  }
  return {
    setRate(perS) {
      for (const child of children) child.send({ kind: "rate", perS: perS / children.length } satisfies ToGenerator);
    },
    async take() {
      const answers = await Promise.all(children.map((child) => call(child, { kind: "take" }, "taken")));
      return join(answers.flatMap((answer) => (answer.kind === "taken" ? [answer.figures] : [])));
    },
    end,
  };
}

function call(child: ChildProcess, message: ToGenerator, expected: FromGenerator["kind"]): Promise<FromGenerator> {
  return new Promise((resolve, reject) => {
    const forget = (): void => {
      child.off("message", listen);
      child.off("exit", onExit);
    };
    const listen = (answer: unknown): void => {
      if (!isFromGenerator(answer)) return;
      forget();
      if (answer.kind === expected) resolve(answer);
      else reject(new Error(answer.kind === "failed" ? answer.why : `a generator answered ${answer.kind}`));
    };
    const onExit = (): void => {
      forget();
      reject(new Error("a generator ended"));
    };
    child.on("message", listen);
    child.on("exit", onExit);
    child.send(message);
  });
}

export function join(list: readonly LoadFigures[]): LoadFigures {
  const sum = (of: (figures: LoadFigures) => number): number => list.reduce((total, one) => total + of(one), 0);
  const refusals: Record<string, number> = {};
  for (const one of list) {
    for (const [code, count] of Object.entries(one.refusals)) refusals[code] = (refusals[code] ?? 0) + count;
  }
  return {
    seconds: Math.max(0, ...list.map(({ seconds }) => seconds)),
    sent: sum(({ sent }) => sent),
    withheld: sum(({ withheld }) => withheld),
    ackMs: list.flatMap(({ ackMs }) => ackMs),
    refusalMs: list.flatMap(({ refusalMs }) => refusalMs),
    refusals,
    withoutRetryAfter: sum(({ withoutRetryAfter }) => withoutRetryAfter),
    open: sum(({ open }) => open),
    oldestMs: Math.max(0, ...list.map(({ oldestMs }) => oldestMs)),
    socketsClosed: sum(({ socketsClosed }) => socketsClosed),
    delivered: sum(({ delivered }) => delivered),
    cpu: Math.max(0, ...list.map(({ cpu }) => cpu)),
  };
}
