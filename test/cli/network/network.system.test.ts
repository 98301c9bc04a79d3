import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpFetch } from "../../../src/cli/network/http-fetch.js";
import { approve } from "../../../src/client/index.js";
import { makeCertificate, type Certificate } from "../../faults/certificate.js";
import { ForwardProxy, type ForwardProxyOptions } from "../../faults/forward-proxy.js";
import { closedPort } from "../../faults/in-test.js";
import { TlsServer } from "../../faults/tls-server.js";
import { sharedServer } from "../../shared-server.js";
import { waitUntil } from "../../wait-until.js";
import { freshId, runBinary } from "../run-cli.js";

const upstream = sharedServer.baseUrl;
const key = "sk-live-0123456789";
const closing: (() => Promise<void>)[] = [];

let folder: string;
/** A private certificate authority, and the file with its certificate. */
let authority: Certificate;
let authorityFile: string;
/** TLS in front of the real server, as `smithers.test`, a name that only the proxy can resolve. */
let secure: TlsServer;

async function startTls(certificate: Certificate): Promise<TlsServer> {
  const server = await TlsServer.start(upstream, certificate);
  closing.push(() => server.close());
  return server;
}

async function startProxy(options?: ForwardProxyOptions): Promise<ForwardProxy> {
  const proxy = await ForwardProxy.start(options);
  closing.push(() => proxy.close());
  return proxy;
}

const plainUrl = `http://smithers.test:${new URL(upstream).port}`;
const secureUrl = () => `https://smithers.test:${secure.port}`;
/** Runs the binary in an environment without a proxy, unless `env` sets one. */
const call = (args: string[], baseUrl: string, env: Record<string, string> = {}) =>
  runBinary(args, {
    baseUrl,
    env: {
      HTTP_PROXY: "",
      HTTPS_PROXY: "",
      NO_PROXY: "",
      http_proxy: "",
      https_proxy: "",
      no_proxy: "",
      ...env,
    },
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "smithers-client-network-"));
  authority = await makeCertificate(["Test authority"], { isAuthority: true });
  authorityFile = join(folder, "authority.pem");
  await writeFile(authorityFile, authority.cert);
  secure = await startTls(await makeCertificate(["smithers.test"], { authority }));
});
afterAll(async () => {
  await Promise.all(closing.map((close) => close()));
  await rm(folder, { recursive: true });
});

describe("with a proxy", () => {
  test.each(["http", "https"])(
    "a run is followed over %s to its end, through a tunnel that hides everything",
    async (protocol) => {
      const certificate = await makeCertificate(["127.0.0.1"], { authority });
      const proxy = await startProxy({
        credentials: "user:p@ss",
        ...(protocol === "https" && { certificate }),
      });
      const env = {
        HTTPS_PROXY: proxy.url("user:p%40ss"),
        NODE_EXTRA_CA_CERTS: authorityFile,
        SMITHERS_API_KEY: key,
      };
      const words = [
        "run",
        "slow.tsx",
        "--run-id",
        freshId("tunnel"),
        "--input",
        '{"ms":50}',
        "-w",
        "--json",
      ];
      const { stdout, stderr, exitCode } = await call(words, secureUrl(), env);
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
      const types = stdout
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { type: string }).type);
      expect(types).toContain("NodeFinished");
      expect(types.at(-1)).toBe("RunFinished");

      expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT smithers.test:${secure.port}`]));
      expect(proxy.received).not.toMatch(/slow\.tsx|sk-live|Bearer/);
      expect(secure.seen.at(-1)).toMatchObject({ authorization: `Bearer ${key}` });
      expect(secure.seen.at(-1)).not.toHaveProperty("proxy-authorization");
    },
  );

  test("a plain server is requested by its full URL, with one warning about the unencrypted key", async () => {
    const proxy = await startProxy({ credentials: "user:secret" });
    const runId = freshId("plain");
    const env = { http_proxy: proxy.url("user:secret"), SMITHERS_API_KEY: key };
    const { stdout, stderr, exitCode } = await call(
      ["run", "quick.tsx", "--run-id", runId, "-w"],
      plainUrl,
      env,
    );
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/run +finished/) as string,
    });
    expect(proxy.asked).toContain(`GET ${plainUrl}/v1/runs/${runId}/events`);
    expect(stderr.match(/^warning: .*/gm)).toEqual([
      `warning: the key is sent unencrypted to ${plainUrl}; anyone on the network can read it`,
    ]);

    const quiet = await call(["status", runId, "--json"], plainUrl, env);
    expect(quiet).toMatchObject({ exitCode: 0, stderr: "" });
    const keyless = await call(["status", runId], plainUrl, { http_proxy: env.http_proxy });
    expect(keyless).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test.each([
    ["a tunnel", () => secureUrl()],
    ["a plain server", () => plainUrl],
  ])("following over %s ends at once at the timeout, and leaves no connection", async (_, baseUrl) => {
    const proxy = await startProxy();
    const env = { HTTP_PROXY: proxy.url(), HTTPS_PROXY: proxy.url(), NODE_EXTRA_CA_CERTS: authorityFile };
    const words = ["run", "slow.tsx", "--input", '{"ms":60000}', "-w", "--timeout", "2s"];
    const { stderr, exitCode } = await call(words, baseUrl(), env);
    expect(exitCode).toBe(124);
    expect(stderr).toMatch(/^error: --timeout of 2\.0s ran out; run \S+ continues$/m);
    await waitUntil(() => proxy.connections === 0);
  });

  test.each([
    ["a tunnel", () => secureUrl()],
    ["a plain server", () => plainUrl],
  ])("a proxy that does not answer for %s is abandoned at the timeout", async (_, baseUrl) => {
    const proxy = await startProxy({ isSilent: true });
    const env = { HTTP_PROXY: proxy.url(), HTTPS_PROXY: proxy.url() };
    const { exitCode } = await call(["ls", "--timeout", "1s"], baseUrl(), env);
    expect(exitCode).toBe(124);
    expect(proxy.asked).toHaveLength(1);
    await waitUntil(() => proxy.connections === 0);
  });

  test("a server named by its address needs a certificate for the address, not for the proxy's name", async () => {
    const proxy = await startProxy();
    const env = {
      HTTPS_PROXY: proxy.url().replace("127.0.0.1", "localhost"),
      NODE_EXTRA_CA_CERTS: authorityFile,
    };
    const secureFor = async (name: string) => {
      const { port } = await startTls(await makeCertificate([name], { authority }));
      return call(["ls", "--limit", "1"], `https://127.0.0.1:${port}`, env);
    };
    expect(await secureFor("127.0.0.1")).toMatchObject({ exitCode: 0, stderr: "" });
    const refused = await secureFor("localhost");
    expect(refused.exitCode).toBe(5);
    expect(refused.stderr).toContain("its certificate is for another name");
  });

  test("this machine is reached without the proxy, and without a warning", async () => {
    const env = { HTTP_PROXY: `http://127.0.0.1:${await closedPort()}`, SMITHERS_API_KEY: key };
    expect(await call(["ls", "--limit", "1"], upstream, env)).toMatchObject({ exitCode: 0, stderr: "" });
  });

  describe("that fails, the error names the proxy and hides its password", () => {
    const failing = async (args: string[], baseUrl: string, env: Record<string, string>) => {
      const result = await call([...args, "--debug"], baseUrl, env);
      expect(result.stdout).toBe("");
      for (const secret of ["s3cret", btoa("user:s3cret"), key]) expect(result.stderr).not.toContain(secret);
      return result;
    };

    test.concurrent("if nothing listens", async () => {
      const port = await closedPort();
      const HTTPS_PROXY = `http://user:s3cret@127.0.0.1:${port}`;
      const { exitCode, stderr } = await failing(["status", "r"], secureUrl(), { HTTPS_PROXY });
      expect(exitCode).toBe(5);
      expect(stderr).toContain(
        `error: cannot reach ${secureUrl()}: the proxy http://127.0.0.1:${port} (HTTPS_PROXY) ` +
          "cannot be reached: ECONNREFUSED (GET /v1/runs/r)\n" +
          "next:  correct that variable, or name the server's host in NO_PROXY\n",
      );
    });

    test.concurrent("if it refuses the tunnel", async () => {
      const proxy = await startProxy({ refuseWith: 502 });
      const { exitCode, stderr } = await failing(["ls"], secureUrl(), {
        https_proxy: proxy.url("user:s3cret"),
      });
      expect(exitCode).toBe(5);
      expect(stderr).toContain(
        `the proxy ${proxy.url()} (https_proxy) answers 502 to CONNECT smithers.test:${secure.port}`,
      );
    });

    test.concurrent.each([
      ["a tunnel", () => secureUrl()],
      ["a plain server", () => plainUrl],
    ])("if it refuses the credentials for %s", async (_, baseUrl) => {
      const proxy = await startProxy({ credentials: "user:other" });
      const url = proxy.url("user:s3cret");
      const { exitCode, stderr } = await failing(["ls"], baseUrl(), { HTTP_PROXY: url, HTTPS_PROXY: url });
      expect(exitCode).toBe(6);
      expect(stderr).toContain("HTTP 407");
      expect(stderr).toContain("next:  put the proxy's user and password into its variable");
      expect(proxy.asked).toHaveLength(1);
    });

    test.concurrent("if its URL has another scheme", async () => {
      const HTTPS_PROXY = "socks5://user:s3cret@127.0.0.1:1080";
      const { exitCode, stderr } = await failing(["ls"], secureUrl(), { HTTPS_PROXY });
      expect(exitCode).toBe(4);
      expect(stderr).toContain("error: HTTPS_PROXY names a socks5:// proxy, which is not supported");
    });
  });
});

describe("a certificate", () => {
  const trusting = () => ({ NODE_EXTRA_CA_CERTS: authorityFile });

  test("of a private authority is trusted with NODE_EXTRA_CA_CERTS", async () => {
    const { port } = await startTls(await makeCertificate(["127.0.0.1"], { authority }));
    expect(await call(["ls", "--limit", "1"], `https://127.0.0.1:${port}`, trusting())).toMatchObject({
      exitCode: 0,
      stderr: "",
    });
  });

  test.concurrent.each<[string, () => Promise<Certificate>, boolean, string, string]>([
    [
      "of an unknown authority",
      () => makeCertificate(["127.0.0.1"], { authority }),
      false,
      "its certificate comes from an unknown authority",
      "NODE_EXTRA_CA_CERTS",
    ],
    [
      "that signed itself",
      () => makeCertificate(["127.0.0.1"]),
      true,
      "its certificate is self-signed",
      "NODE_EXTRA_CA_CERTS",
    ],
    [
      "that has expired",
      () => makeCertificate(["127.0.0.1"], { authority, validDays: [-9, -2] }),
      true,
      "its certificate has expired",
      "renew the server's certificate, or set this machine's clock right",
    ],
    [
      "that is not valid yet",
      () => makeCertificate(["127.0.0.1"], { authority, validDays: [2, 9] }),
      true,
      "its certificate is not valid yet",
      "renew the server's certificate, or set this machine's clock right",
    ],
    [
      "for another host",
      () => makeCertificate(["other.test"], { authority }),
      true,
      "its certificate is for another name",
      "use a name that its certificate is for",
    ],
  ])("%s is refused with an explanation", async (_, make, trusts, words, next) => {
    const { port } = await startTls(await make());
    const baseUrl = `https://127.0.0.1:${port}`;
    const args = ["status", "r", "--json"];
    const { exitCode, stderr } = await call(args, baseUrl, trusts ? trusting() : {});
    expect(exitCode).toBe(5);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: "CONNECTION_FAILED",
        message: `cannot reach ${baseUrl}: ${words} (GET /v1/runs/r)`,
        hint: expect.stringContaining(next) as string,
      },
    });
  });

  test("that is refused tells the library, with either fetch, that nothing was sent", async () => {
    const { port } = await startTls(await makeCertificate(["127.0.0.1"]));
    const args = { baseUrl: `https://127.0.0.1:${port}`, retries: 0, runId: "r", nodeId: "gate" };
    for (const network of [httpFetch({}), fetch]) {
      await expect(approve({ ...args, fetch: network })).rejects.toMatchObject({
        name: "ConnectionError",
        networkCode: "DEPTH_ZERO_SELF_SIGNED_CERT",
        mayHaveBeenApplied: false,
      });
    }
  });

  test("is missing on a plain server, and the error says so", async () => {
    const { exitCode, stderr } = await call(["ls"], upstream.replace("http:", "https:"));
    expect(exitCode).toBe(5);
    expect(stderr).toContain("what listens there does not speak TLS");
    expect(stderr).toContain("try http://");
  });
});
