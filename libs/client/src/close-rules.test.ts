import { closeCodes, reconnectsAfter } from "@parley/protocol";
import { expect, test } from "vitest";
import { closeRule, closeRules } from "./close-rules.ts";

test.each(Object.keys(closeCodes).map(Number))("close code %i is followed as the protocol's registry says", (code) => {
  expect(Object.hasOwn(closeRules, code)).toBe(true);
  const rule = closeRule(code);
  // A refused token is the one case between: another token may come back, the same one may not.
  if (code === 4401) expect(rule).toBe("reauthenticate");
  else expect(rule === "reconnect" || rule === "slow").toBe(reconnectsAfter(code));
});

test("a code that is not ours means: the connection fell, come back", () => {
  for (const code of [1000, 1006, 1011, 4999]) expect(closeRule(code)).toBe("reconnect");
});
