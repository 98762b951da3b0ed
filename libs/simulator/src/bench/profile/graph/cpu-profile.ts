import { isFields } from "../../../history/content.ts";

/** One node of the call tree. */
export interface ProfileNode {
  readonly id: number;
  readonly functionName: string;
  /** Empty for what is no JavaScript: native functions, and V8's own states in round brackets. */
  readonly url: string;
  /** From 1; 0 where there is none. */
  readonly line: number;
  readonly children: readonly number[];
}

/** As the inspector gives it. **Source**: Chrome DevTools protocol, Profiler.Profile. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** The node that each sample was in. */
  readonly samples: readonly number[];
  /** µs from the sample before; as many as samples. */
  readonly timeDeltas: readonly number[];
}

/** What a function took itself, over all places that it was called from. */
export interface SelfTime {
  readonly name: string;
  /** `folder/file.ts:12`, `ws/lib/sender.js:340`, `node:net:900`; of a native function the group of its caller. */
  readonly place: string;
  readonly group: string;
  readonly selfMs: number;
}

export interface ProfileSummary {
  /** From the first sample to the last. */
  readonly wallMs: number;
  /** Without idling. */
  readonly busyMs: number;
  /** Largest first; idling is not among them. */
  readonly functions: readonly SelfTime[];
  readonly groups: readonly { readonly name: string; readonly selfMs: number }[];
}

const idle = "idle";
const outside = "native code outside any function";
/** Frames of V8 itself that are no function, and the group that each stands for. */
const states: ReadonlyMap<string, string> = new Map([
  ["(idle)", idle],
  ["(garbage collector)", "garbage collector"],
  ["(program)", outside],
  ["(root)", outside],
]);

/** **Errors**: throws at what is no profile. */
export function parseCpuProfile(value: unknown): CpuProfile {
  if (!isFields(value)) throw new Error("no CPU profile: not an object");
  const { nodes, samples, timeDeltas } = value;
  if (!Array.isArray(nodes) || !isNumbers(samples) || !isNumbers(timeDeltas)) {
    throw new Error("no CPU profile: nodes, samples or timeDeltas are missing");
  }
  return { nodes: nodes.map(parseNode), samples, timeDeltas };
}

function parseNode(node: unknown): ProfileNode {
  if (!isFields(node) || !isFields(node["callFrame"])) throw new Error("no CPU profile: a node without a call frame");
  const { functionName, url, lineNumber } = node["callFrame"];
  const children = node["children"] ?? [];
  if (!isNumbers(children)) throw new Error("no CPU profile: children that are no numbers");
  return {
    id: Number(node["id"]),
    functionName: functionName === "" ? "(anonymous)" : String(functionName),
    url: String(url),
    line: Number(lineNumber) + 1,
    children,
  };
}

/** Self time of each node, ms. A sample stands for the time until the next one. */
export function selfMsByNode({ samples, timeDeltas }: CpuProfile): ReadonlyMap<number, number> {
  const byNode = new Map<number, number>();
  for (const [index, node] of samples.entries()) {
    // Now and then V8 hands out two samples in the wrong order: a negative time belongs to nobody.
    const us = Math.max(0, timeDeltas[index + 1] ?? 0);
    byNode.set(node, (byNode.get(node) ?? 0) + us / 1_000);
  }
  return byNode;
}

/** Self times by function and by group: our own code by package and folder, others by package. */
export function summarize(profile: CpuProfile): ProfileSummary {
  const selfMs = selfMsByNode(profile);
  const groups = groupsByNode(profile);
  const functions = new Map<string, SelfTime>();
  const byGroup = new Map<string, number>();
  let [wallMs, idleMs] = [0, 0];
  for (const node of profile.nodes) {
    const ms = selfMs.get(node.id) ?? 0;
    const group = groups.get(node.id) ?? "";
    wallMs += ms;
    if (group === idle) {
      idleMs += ms;
      continue;
    }
    byGroup.set(group, (byGroup.get(group) ?? 0) + ms);
    const place = node.url === "" ? `native, for ${group}` : `${shortUrl(node.url)}:${node.line}`;
    const name = node.functionName;
    const key = `${name} ${place}`;
    functions.set(key, { name, place, group, selfMs: ms + (functions.get(key)?.selfMs ?? 0) });
  }
  return {
    wallMs,
    busyMs: wallMs - idleMs,
    functions: [...functions.values()].filter((one) => one.selfMs > 0).sort((a, b) => b.selfMs - a.selfMs),
    groups: [...byGroup]
      .map(([name, ms]) => ({ name, selfMs: ms }))
      .filter((one) => one.selfMs > 0)
      .sort((a, b) => b.selfMs - a.selfMs),
  };
}

/** A native function counts for whoever called it: `writev` for Node's streams, a commit for `lmdb`. */
function groupsByNode({ nodes }: CpuProfile): ReadonlyMap<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const groups = new Map<number, string>();
  const open: { readonly node: ProfileNode; readonly caller: string }[] = [];
  const called = new Set(nodes.flatMap(({ children }) => children));
  for (const node of nodes) if (!called.has(node.id)) open.push({ node, caller: outside });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, caller } = next;
    const group = states.get(node.functionName) ?? (node.url === "" ? caller : groupOf(node.url));
    groups.set(node.id, group);
    for (const id of node.children) {
      const child = byId.get(id);
      if (child !== undefined) open.push({ node: child, caller: group });
    }
  }
  return groups;
}

/** `chat-server/channel`, `libs/link`, `ws`, `node internals`. */
export function groupOf(url: string): string {
  if (url.startsWith("node:")) return "node internals";
  if (url.startsWith("wasm:")) return "WebAssembly";
  const path = shortUrl(url);
  const own = /^((?:libs|infra)\/[^/]+|gateway|chat-server|presence)\/src\/(?:([^/]+)\/)?/.exec(path);
  if (own !== null) return [own[1], own[2]].filter((part) => part !== undefined).join("/");
  const [first = path, second] = path.split("/");
  return first.startsWith("@") && second !== undefined ? `${first}/${second}` : first;
}

const ownFolders = /\/((?:libs|infra|gateway|chat-server|presence)\/.*)$/;

/** Without what stands before our repository or the package's folder. */
export function shortUrl(url: string): string {
  const installed = url.lastIndexOf("/node_modules/");
  if (installed !== -1) return url.slice(installed + "/node_modules/".length);
  return ownFolders.exec(url)?.[1] ?? url;
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => typeof one === "number");
}
