import { defined, delayMsMax } from "./fault-settings.ts";
import { FieldError, type Fields, findNumber, findText, findWhole, findWord, mustBe, parseFields } from "./fields.ts";
import type { RequestChoice, RequestFault } from "./mongo-rules.ts";

const choiceNames = ["command", "nth", "times", "forMs", "chance"];
const countMax = 1_000_000;

/** The rules that can be asked for over HTTP, by the last part of the path. **Errors**: FieldError that names the field. */
export const mongoRequests: Readonly<
  Record<string, (body: unknown) => { fault: RequestFault; choice: RequestChoice }>
> = {
  hold: (body) => {
    const fields = parseFields("body", body, [...choiceNames, "end", "afterMs"]);
    const end = mustBe("end", findWord(fields, "end", ["release" as const, "cut" as const]));
    const afterMs = findNumber(fields, "afterMs", 0, delayMsMax, " ms");
    const fault = { kind: "hold" as const, end, ...(afterMs === undefined ? {} : { afterMs }) };
    return { fault, choice: parseChoice(fields) };
  },
  "cut-before-request": (body) => {
    return { fault: { kind: "cutBeforeRequest" }, choice: parseChoice(parseFields("body", body, choiceNames)) };
  },
  answer: (body) => {
    const fields = parseFields("body", body, [...choiceNames, "error", "forwardAfterMs"]);
    const error = mustBe("error", findWord(fields, "error", ["notPrimary" as const, "writeConcernTimeout" as const]));
    const forwardAfterMs = findNumber(fields, "forwardAfterMs", 0, delayMsMax, " ms");
    const choice = parseChoice(fields);
    if (error === "writeConcernTimeout") {
      return { fault: { kind: "answer", error, forwardAfterMs: forwardAfterMs ?? 0 }, choice };
    }
    if (forwardAfterMs !== undefined) throw new FieldError("forwardAfterMs", "goes with writeConcernTimeout only");
    return { fault: { kind: "answer", error }, choice };
  },
  slow: (body) => {
    const fields = parseFields("body", body, [...choiceNames, "ms"]);
    const ms = mustBe("ms", findNumber(fields, "ms", 0, delayMsMax, " ms"));
    return { fault: { kind: "slow", ms }, choice: parseChoice(fields) };
  },
};

function parseChoice(fields: Fields): RequestChoice {
  return defined({
    command: findText(fields, "command"),
    nth: findWhole(fields, "nth", 1, countMax),
    times: findWhole(fields, "times", 1, countMax),
    forMs: findNumber(fields, "forMs", 0, delayMsMax, " ms"),
    chance: findNumber(fields, "chance", 0, 1),
  });
}
