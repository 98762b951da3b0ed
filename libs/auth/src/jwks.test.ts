import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createTokenVerifier, signToken, TokenError } from "./index.ts";

function createKey(kid: string, kind: "RS256" | "ES256" = "RS256") {
  const pair =
    kind === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2_048 })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...pair.publicKey.export({ format: "jwk" }), kid, use: "sig", alg: kind };
  const key = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const sign = () => signToken({ user: "ada", expiresInS: 60, key: { kid, algorithm: kind, key } });
  return { jwk, sign };
}

test("keys come from a JWKS file, and one added later is found by its kid", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-jwks-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "jwks.json");
  const [first, second, third] = [createKey("k1"), createKey("k2", "ES256"), createKey("k3")];
  await writeFile(file, JSON.stringify({ keys: [first.jwk, second.jwk] }));
  const verifier = createTokenVerifier({ algorithms: ["RS256", "ES256"], jwks: { file } });
  expect((await verifier.verify(first.sign())).user).toBe("ada");
  expect((await verifier.verify(second.sign())).user).toBe("ada");
  await expect(verifier.verify(third.sign())).rejects.toThrow(TokenError);
  await writeFile(file, JSON.stringify({ keys: [first.jwk, third.jwk] }));
  expect((await verifier.verify(third.sign())).user).toBe("ada");
});

test("keys come from a JWKS address, which is asked once for many tokens and seldom for unknown kids", async () => {
  const known = createKey("k1");
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: [known.jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  const url = `http://127.0.0.1:${address.port}/jwks.json`;
  const verifier = createTokenVerifier({ algorithms: ["RS256"], jwks: { url, readsPerMinute: 3 } });
  for (let count = 0; count < 20; count += 1) await verifier.verify(known.sign());
  expect(asked).toBe(1);
  const stranger = createKey("stranger");
  for (let count = 0; count < 20; count += 1) {
    await expect(verifier.verify(stranger.sign())).rejects.toThrow(/no such key|cannot be read/);
  }
  expect(asked).toBe(3);
  expect((await verifier.verify(known.sign())).user).toBe("ada");
});

test("a symmetric key in a JWKS is never used", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-jwks-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "jwks.json");
  const secret = "s".repeat(32);
  const k = Buffer.from(secret).toString("base64url");
  await writeFile(file, JSON.stringify({ keys: [createKey("k1").jwk, { kty: "oct", kid: "h1", k, alg: "HS256" }] }));
  const verifier = createTokenVerifier({ algorithms: ["HS256", "RS256"], jwks: { file } });
  const token = signToken({ user: "ada", expiresInS: 60, key: { kid: "h1", algorithm: "HS256", key: secret } });
  await expect(verifier.verify(token)).rejects.toThrow(TokenError);
});

test("a JWKS address that is neither https nor loopback is refused at start", () => {
  const start = (url: string) => () => createTokenVerifier({ algorithms: ["RS256"], jwks: { url } });
  expect(start("http://keys.example/jwks.json")).toThrow("must be https");
  expect(start("file:///etc/passwd")).toThrow("must be https");
  expect(start("https://keys.example/jwks.json")).not.toThrow();
});
