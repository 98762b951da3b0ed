import { expect, test } from "vitest";
import { parseCpuProfile } from "./cpu-profile.ts";
import { type Frame, foldFrames, renderFlameGraph } from "./flame-graph.ts";
import { smallProfile } from "./small-profile.ts";

const everySample = { ...smallProfile, samples: [2, 5, 7, 8, 9, 10, 6, 1], timeDeltas: Array(8).fill(1_000) };

function names({ name, children }: Frame): readonly string[] {
  return [name, ...children.flatMap(names)];
}

test("a box is as wide as what it and what it called took, and idling is no box", () => {
  const root = foldFrames(parseCpuProfile(smallProfile));
  expect(root.value).toBeCloseTo(7);
  expect(root.children.map(({ name, value }) => [name, value])).toEqual([
    ["(garbage collector)", 1],
    ["deliver chat-server/src/relay/relay.ts:10", 3],
    ["onTick chat-server/src/relay/relay.ts:100", 2],
    ["toString node:buffer:918", 1],
  ]);
  expect(names(root)).not.toContain("(idle)");
});

test("the page holds every frame's name, and no name ends an element of it", async () => {
  const root = foldFrames(parseCpuProfile(everySample));
  expect(names(root)).toContain("</script><b>& chat-server/src/relay/relay.ts:120");
  const page = await renderFlameGraph("rooms <10> & more", root);
  const json = /^const frames = (.*);$/m.exec(page)?.[1] ?? "";
  expect(JSON.parse(json)).toEqual(root);
  expect(page).not.toContain("</script><b>");
  expect(page.match(/<\/script>/g)).toHaveLength(3);
  expect(page).toContain("<title>rooms &lt;10&gt; &amp; more</title>");
});

test("the page asks no network for anything", async () => {
  const page = await renderFlameGraph("any", foldFrames(parseCpuProfile(smallProfile)));
  expect(page).not.toMatch(/<(script|link|img)[^>]+(src|href)=/);
  expect(page).not.toContain("@import");
});

test("the same profile makes the same page", async () => {
  const page = (): Promise<string> => renderFlameGraph("any", foldFrames(parseCpuProfile(smallProfile)));
  expect(await page()).toBe(await page());
});
