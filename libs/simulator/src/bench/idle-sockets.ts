import { openWire, type Wire } from "../run/wire.ts";

/**
 * A child process of the idle benchmark: holds as many idle sessions as its parent asks for. Told `{open: [{url, user,
 * token}]}` it opens them and answers `{opened: n}`; it ends with the channel to its parent.
 */
interface Wanted {
  readonly url: string;
  readonly token: string;
}

const wires: Wire[] = [];
const openingMax = 20;

function isWanted(value: unknown): value is { readonly open: readonly Wanted[] } {
  return typeof value === "object" && value !== null && "open" in value && Array.isArray(value.open);
}

async function open(list: readonly Wanted[]): Promise<void> {
  const rest = list.values();
  const worker = async (): Promise<void> => {
    for (const { url, token } of rest) wires.push(await openWire({ url, token, device: "idle" }));
  };
  await Promise.all(Array.from({ length: openingMax }, worker));
}

process.on("message", (message) => {
  if (!isWanted(message)) return;
  open(message.open).then(
    () => process.send?.({ opened: wires.filter(({ socket }) => socket.readyState === socket.OPEN).length }),
    (cause: unknown) => process.send?.({ failed: String(cause) }),
  );
});
process.on("disconnect", () => process.exit(0));
