const frame = (functionName: string, url: string, lineNumber: number) => ({ functionName, url, lineNumber });
const relay = "file:///srv/parley/chat-server/src/relay/relay.ts";

/**
 * A profile made by hand, for tests: `deliver` is called from two places, writes by a native function of Node's, and has a
 * closure whose name would end a script. 10 ms in all, 3 of them idle.
 */
export const smallProfile = {
  nodes: [
    { id: 1, callFrame: frame("(root)", "", -1), children: [2, 3, 8, 9] },
    { id: 2, callFrame: frame("deliver", relay, 9), children: [4] },
    { id: 3, callFrame: frame("onTick", relay, 99), children: [5, 6] },
    { id: 4, callFrame: frame("writeGeneric", "node:net", 899), children: [7] },
    { id: 5, callFrame: frame("deliver", relay, 9) },
    { id: 6, callFrame: frame("</script><b>&", relay, 119) },
    { id: 7, callFrame: frame("writev", "", -1) },
    { id: 8, callFrame: frame("(idle)", "", -1) },
    { id: 9, callFrame: frame("(garbage collector)", "", -1) },
    { id: 10, callFrame: frame("toString", "node:buffer", 917) },
  ],
  samples: [2, 5, 7, 8, 9, 10, 1],
  timeDeltas: [0, 1_000, 2_000, 2_000, 3_000, 1_000, 1_000],
};
