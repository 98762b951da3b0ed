import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ClusterView, NodeInfo, NodeRole } from "./registry.ts";
import { emptyView, freezeView, nextView, type Sighting } from "./view.ts";

function infoOf(node: string, role: NodeRole = "chat-server", epoch = 1): NodeInfo {
  const load = { sessions: 0, eventLoopDelayMs: 0, cpu: 0 };
  return { node, role, epoch, address: "", process: "", weight: 1, state: "up", load };
}
const alive = (info: NodeInfo): Sighting => ({ kind: "alive", info });
const namesOf = (view: ClusterView) => view.nodes.map(({ node }) => node);
const settled = { isSettled: true };
const viewOf = (infos: readonly NodeInfo[]) => nextView(emptyView, infos.map(alive), settled).view;

describe("the next view", () => {
  test("holds who was seen, sorted, and is complete", () => {
    const view = viewOf([infoOf("b"), infoOf("a", "gateway")]);
    expect(namesOf(view)).toEqual(["a", "b"]);
    expect(view).toMatchObject({ version: 1, isComplete: true });
  });

  test("keeps its version when only loads change, and grows it with membership, state, epoch, address, weight", () => {
    const a = infoOf("a");
    const view = viewOf([a]);
    const busy = { ...a, load: { sessions: 9, eventLoopDelayMs: 1, cpu: 1 } };
    const same = nextView(view, [alive(busy)], settled).view;
    expect(same.version).toBe(view.version);
    expect(same.nodes).toEqual([busy]);
    for (const change of [
      { epoch: 2 },
      { state: "draining" as const },
      { address: "x" },
      { weight: 2 },
      { process: "p" },
    ]) {
      expect(nextView(view, [alive({ ...a, ...change })], settled).view.version).toBe(view.version + 1);
    }
  });

  test("drops at most a third of a role a step, at least one, and in the end all that stay away", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 0, max: 6 }),
        (chatServers, deadCount, gateways) => {
          const infos = [
            ...Array.from({ length: chatServers }, (_, index) => infoOf(`chat-${index}`)),
            ...Array.from({ length: gateways }, (_, index) => infoOf(`gateway-${index}`, "gateway")),
          ];
          const living = infos.slice(Math.min(deadCount, chatServers));
          let view = viewOf(infos);
          for (let step = 0; step < 40; step += 1) {
            const before = view.nodes.filter(({ role }) => role === "chat-server").length;
            const next = nextView(view, living.map(alive), settled);
            expect(next.dropped.length).toBeLessThanOrEqual(Math.max(1, Math.floor(before / 3)));
            for (const info of living) expect(next.view.nodes).toContain(info);
            view = next.view;
          }
          expect(new Set(namesOf(view))).toEqual(new Set(living.map(({ node }) => node)));
        },
      ),
    );
  });

  test("who said goodbye is gone at once, however many they are", () => {
    const infos = ["a", "b", "c", "d"].map((node) => infoOf(node));
    const goodbyes: Sighting[] = infos.map(({ node }) => ({ kind: "left", node }));
    expect(namesOf(nextView(viewOf(infos), goodbyes, settled).view)).toEqual([]);
  });

  test("a node that came back after its goodbye is there", () => {
    const back = infoOf("a", "chat-server", 2);
    const { view } = nextView(viewOf([infoOf("a")]), [{ kind: "left", node: "a" }, alive(back)], settled);
    expect(view.nodes).toEqual([back]);
  });

  test("while unsettled nobody is dropped, newcomers are let in, and the view is not complete", () => {
    const { view, dropped } = nextView(viewOf([infoOf("a"), infoOf("b")]), [alive(infoOf("c"))], { isSettled: false });
    expect(namesOf(view)).toEqual(["a", "b", "c"]);
    expect(view.isComplete).toBe(false);
    expect(dropped).toEqual([]);
  });

  test("a frozen view keeps its nodes and version and says that it is not complete", () => {
    const view = viewOf([infoOf("a")]);
    expect(freezeView(view)).toEqual({ ...view, isComplete: false });
    expect(freezeView(freezeView(view))).toEqual(freezeView(view));
  });
});
