import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { type BuildOptions, build } from "esbuild";
import { expect, test } from "vitest";

const options: BuildOptions = {
  entryPoints: [fileURLToPath(new URL("./index.ts", import.meta.url))],
  bundle: true,
  write: false,
  minify: true,
  metafile: true,
  platform: "browser",
  target: "es2024",
  format: "iife",
  globalName: "parley",
};

/** Minified bytes; a schema library that slipped in would be several times as much. */
const bundleBytesMax = 34 * 1_024;

test("the browser bundle holds nothing but the SDK's own files", async () => {
  // A Node built-in fails the build for the browser platform; a package would show among the inputs.
  const { metafile, outputFiles } = await build(options);
  const inputs = Object.keys(metafile?.inputs ?? {});
  expect(inputs.filter((path) => !/libs\/client\/src\/[a-z-]+\.ts$/.test(path))).toEqual([]);
  expect(inputs.filter((path) => path.includes("testing") || path.includes("scripted"))).toEqual([]);
  expect(outputFiles?.[0]?.contents.byteLength).toBeLessThan(bundleBytesMax);
});

test("the browser bundle loads where there is nothing but the browser's globals, and connects through its WebSocket", async () => {
  const { outputFiles } = await build(options);
  const opened: string[] = [];
  class FakeWebSocket {
    readonly readyState = 0;
    constructor(url: string, protocol: string) {
      opened.push(`${url} ${protocol}`);
    }
    addEventListener(): void {}
    send(): void {}
    close(): void {}
  }
  const context = vm.createContext({
    WebSocket: FakeWebSocket,
    crypto,
    setTimeout,
    clearTimeout,
    queueMicrotask,
    atob,
    TextEncoder,
    addEventListener: () => {},
    removeEventListener: () => {},
  });
  vm.runInContext(outputFiles?.[0]?.text ?? "", context);
  const script = `
    const client = parley.createClient({ url: "wss://chat.example/v1/ws", token: () => "t", device: "tab" });
    client.connect().catch(() => {});
    client`;
  const client: { close(): Promise<void> } = vm.runInContext(script, context);
  await expect.poll(() => opened).toEqual(["wss://chat.example/v1/ws parley.v1"]);
  void client.close();
});
