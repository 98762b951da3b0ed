import { createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import jwt from "jsonwebtoken";
import { describe, expect, test } from "vitest";
import { createTokenVerifier, KeysUnavailableError, signToken, TokenError } from "./index.ts";

const secret = randomBytes(32).toString("hex");
const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: typeof rsa.publicKey) => key.export({ type: "spki", format: "pem" }).toString();
const privatePem = (key: typeof rsa.privateKey) => key.export({ type: "pkcs8", format: "pem" }).toString();
const keys = { h1: secret, r1: pem(rsa.publicKey), e1: pem(ec.publicKey) };
const verifier = createTokenVerifier({ algorithms: ["HS256", "RS256", "ES256"], keys });
const later = () => Math.floor(Date.now() / 1_000) + 600;

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
/** A token with any header and payload at all, signed with the secret. */
function forge(header: unknown, payload: unknown, key = secret): string {
  const body = `${base64(header)}.${base64(payload)}`;
  return `${body}.${createHmac("sha256", key).update(body).digest("base64url")}`;
}
const goodHeader = { alg: "HS256", kid: "h1" };
const refused = async (token: string, code: "unauthenticated" | "token_expired" = "unauthenticated") => {
  await expect(verifier.verify(token)).rejects.toThrow(TokenError);
  await expect(verifier.verify(token)).rejects.toMatchObject({ code });
};

describe("a good token", () => {
  test.each([
    { kid: "h1", algorithm: "HS256", key: secret },
    { kid: "r1", algorithm: "RS256", key: privatePem(rsa.privateKey) },
    { kid: "e1", algorithm: "ES256", key: privatePem(ec.privateKey) },
  ] as const)("is accepted under $algorithm, each key being live at once", async (key) => {
    const token = signToken({ user: "ada", name: "Ada", scope: "admin", expiresInS: 60, key });
    const verified = await verifier.verify(token);
    expect(verified).toMatchObject({ user: "ada", name: "Ada", scope: "admin" });
    expect(verified.expiresAt - Date.now()).toBeGreaterThan(50_000);
    expect(verified.expiresAt - Date.now()).toBeLessThanOrEqual(60_000);
  });

  test("without a kid is accepted while there is one key only", async () => {
    const token = forge({ alg: "HS256" }, { sub: "ada", exp: later() });
    await refused(token);
    const one = createTokenVerifier({ algorithms: ["HS256"], keys: { h1: secret } });
    expect((await one.verify(token)).user).toBe("ada");
  });
});

describe("the algorithm is ours to choose", () => {
  test.each(["none", "None", "NONE", "nOnE", "", "HS512", "hs256", "RS512", "PS256", "EdDSA", 5, null, ["HS256"]])(
    "alg %j is refused, with and without a signature",
    async (alg) => {
      const payload = { sub: "ada", exp: later() };
      await refused(forge({ alg, kid: "h1" }, payload));
      await refused(`${base64({ alg, kid: "h1" })}.${base64(payload)}.`);
      await refused(`${base64({ alg, kid: "h1" })}.${base64(payload)}`);
    },
  );

  test.each(["r1", "e1"] as const)("the public key %s is no HMAC secret", async (kid) => {
    await refused(forge({ alg: "HS256", kid }, { sub: "ada", exp: later() }, keys[kid]));
    await refused(forge({ alg: "HS256", kid }, { sub: "ada", exp: later() }, keys[kid].trim()));
  });

  test("a key whose algorithm is not configured is not used", async () => {
    const pinned = createTokenVerifier({ algorithms: ["RS256"], keys });
    const token = signToken({ user: "ada", expiresInS: 60, key: { kid: "h1", algorithm: "HS256", key: secret } });
    await expect(pinned.verify(token)).rejects.toThrow(TokenError);
  });
});

describe("the header brings no key", () => {
  test.each(["../../etc/passwd", "https://evil.example/key", "h1\u0000", "h1 ", "", "constructor", "__proto__", {}, 1])(
    "kid %j is refused",
    (kid) => refused(forge({ alg: "HS256", kid }, { sub: "ada", exp: later() })),
  );

  test("jku, jwk and x5u are ignored: the configured key verifies, theirs does not", async () => {
    const theirs = randomBytes(32).toString("hex");
    const jwk = { kty: "oct", k: Buffer.from(theirs).toString("base64url") };
    const header = { ...goodHeader, jku: "http://127.0.0.1:1/jwks", x5u: "http://127.0.0.1:1/x", jwk };
    await refused(forge(header, { sub: "ada", exp: later() }, theirs));
    expect((await verifier.verify(forge(header, { sub: "ada", exp: later() }))).user).toBe("ada");
  });

  test("a critical extension is refused", () =>
    refused(forge({ ...goodHeader, crit: ["b64"], b64: false }, { sub: "ada", exp: later() })));
});

describe("form", () => {
  const good = forge(goodHeader, { sub: "ada", exp: later() });
  const [header, payload, signature = ""] = good.split(".");
  test.each([
    ["nothing", ""],
    ["two dots", ".."],
    ["an empty signature", `${header}.${payload}.`],
    ["a cut signature", `${header}.${payload}.${signature.slice(0, -4)}`],
    ["another signature", `${header}.${payload}.${Buffer.alloc(32, 1).toString("base64url")}`],
    ["another payload", `${header}.${base64({ sub: "eve", exp: later() })}.${signature}`],
    ["four parts", `${good}.x`],
    ["a header that is not JSON", `bm90anNvbg.${payload}.${signature}`],
    ["a header that is a scalar", `${base64(5)}.${payload}.${signature}`],
    ["a payload that is an array", forge(goodHeader, [1])],
    ["a payload that is a text", forge(goodHeader, "ada")],
  ])("%s is refused", (_what, token) => refused(token));

  test("a token of 8 KiB is read, one more character and one of 1 MB are refused unread", async () => {
    const padded = (length: number) => {
      for (let pad = 0; pad < length; pad += 1) {
        const token = forge(goodHeader, { sub: "ada", exp: later(), pad: "x".repeat(length - 400 + pad) });
        if (token.length >= length) return token;
      }
      throw new Error("not reached");
    };
    const fits = forge(goodHeader, { sub: "ada", exp: later(), pad: "x".repeat(5_900) });
    expect(fits.length).toBeLessThanOrEqual(8_192);
    expect((await verifier.verify(fits)).user).toBe("ada");
    await refused(padded(8_193));
    await refused(forge(goodHeader, { sub: "ada", exp: later(), pad: "x".repeat(1_000_000) }));
  });
});

describe("claims", () => {
  test.each([
    ["absent", undefined],
    ["a text", String(later())],
    ["1e99", 1e99],
    ["null", null],
    ["an object", {}],
    ["one past the last date", 8.64e12 + 1],
  ])("exp %s is refused", (_what, exp) => refused(forge(goodHeader, { sub: "ada", exp })));

  test.each([1, 0.5, -1])("exp %s in the past is expired or refused", async (exp) => {
    await expect(verifier.verify(forge(goodHeader, { sub: "ada", exp }))).rejects.toThrow(TokenError);
  });

  test("a token is good one second before exp and token_expired at exp", async () => {
    const at = (nowMs: number, clockToleranceS = 0) =>
      createTokenVerifier({ algorithms: ["HS256"], keys: { h1: secret }, now: () => nowMs, clockToleranceS });
    const token = forge(goodHeader, { sub: "ada", exp: 1_000 });
    expect((await at(999_999).verify(token)).expiresAt).toBe(1_000_000);
    await expect(at(1_000_000).verify(token)).rejects.toMatchObject({ code: "token_expired" });
    expect((await at(1_004_000, 5).verify(token)).user).toBe("ada");
    await expect(at(1_005_000, 5).verify(token)).rejects.toMatchObject({ code: "token_expired" });
  });

  test("nbf in the future or of the wrong type is refused", async () => {
    await refused(forge(goodHeader, { sub: "ada", exp: later(), nbf: later() - 300 }));
    await refused(forge(goodHeader, { sub: "ada", exp: later(), nbf: "0" }));
  });

  test.each([undefined, null, "", 5, {}, [], { $gt: "" }, "a:b", "*", "../x", "a\r\nb", "ä", "a".repeat(65)])(
    "sub %j is refused",
    (sub) => refused(forge(goodHeader, { sub, exp: later() })),
  );

  test.each(["a", "a".repeat(64), "A-z_0"])("sub %s is accepted", async (sub) => {
    expect((await verifier.verify(forge(goodHeader, { sub, exp: later() }))).user).toBe(sub);
  });

  test.each([5, "", "x".repeat(121), "\ud800"])("name %j is refused", (name) =>
    refused(forge(goodHeader, { sub: "ada", exp: later(), name })),
  );

  test.each([["admin"], { admin: true }, 1])("scope %j is refused", (scope) =>
    refused(forge(goodHeader, { sub: "ada", exp: later(), scope })),
  );

  test("another audience or issuer is refused, and none at all too", async () => {
    const picky = createTokenVerifier({ algorithms: ["HS256"], keys: { h1: secret }, audience: "chat", issuer: "us" });
    const claims = { sub: "ada", exp: later() };
    expect((await picky.verify(forge(goodHeader, { ...claims, aud: ["x", "chat"], iss: "us" }))).user).toBe("ada");
    for (const wrong of [{ aud: "other", iss: "us" }, { aud: "chat", iss: "them" }, { iss: "us" }, { aud: "chat" }]) {
      await expect(picky.verify(forge(goodHeader, { ...claims, ...wrong }))).rejects.toThrow(TokenError);
    }
  });
});

describe("keys are checked at start", () => {
  const start = (text: string) => () => createTokenVerifier({ algorithms: ["HS256"], keys: { k: text } });
  test("a secret of 31 bytes is refused, one of 32 is not, and neither is printed", () => {
    expect(start("s".repeat(31))).toThrow("key k: the secret has 31 bytes, it must have at least 32");
    expect(start("s".repeat(32))).not.toThrow();
  });

  test("a small RSA key and a foreign curve are refused", () => {
    expect(start(pem(generateKeyPairSync("rsa", { modulusLength: 1_024 }).publicKey))).toThrow("1024 bits");
    expect(start(pem(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey))).toThrow("secp256k1");
  });

  test("no keys, no algorithms, and keys beside jwks are refused", () => {
    expect(() => createTokenVerifier({ algorithms: ["HS256"], keys: {} })).toThrow("no key");
    expect(() => createTokenVerifier({ algorithms: [], keys })).toThrow("no algorithm");
    expect(() => createTokenVerifier({ algorithms: ["HS256"], keys, jwks: { file: "x" } })).toThrow("either");
    expect(() => createTokenVerifier({ algorithms: ["HS256"], keys: { "../x": secret } })).toThrow("its name");
  });
});

test("an unreadable JWKS is unavailable, never a verdict on the token", async () => {
  const away = createTokenVerifier({ algorithms: ["RS256"], jwks: { file: "/nowhere/jwks.json" } });
  const key = { kid: "r1", algorithm: "RS256", key: privatePem(rsa.privateKey) } as const;
  await expect(away.verify(signToken({ user: "ada", expiresInS: 60, key }))).rejects.toThrow(KeysUnavailableError);
});

test("signToken makes no token that a verifier would refuse", () => {
  const key = { kid: "h1", algorithm: "HS256", key: secret } as const;
  expect(() => signToken({ user: "a b", expiresInS: 60, key })).toThrow("user");
  expect(() => signToken({ user: "ada", expiresInS: 0, key })).toThrow("expiry");
  expect(jwt.decode(signToken({ user: "ada", expiresInS: 60.9, key }))).toMatchObject({ sub: "ada" });
});
