import { describe, expect, test } from "vitest";
import { httpFetch } from "../../../src/cli/network/http-fetch.js";
import { isThisMachine, proxyFor } from "../../../src/cli/network/proxy.js";
import { runMain } from "../run-main.js";

const server = "https://smithers.example.com:8443/v1/runs";
const proxy = "http://proxy.example:3128";

describe("the proxy for a server", () => {
  test.each<[string, string, Record<string, string>, string | undefined]>([
    ["none by default", server, {}, undefined],
    ["HTTPS_PROXY for https", server, { HTTPS_PROXY: proxy, HTTP_PROXY: "http://other" }, proxy],
    ["HTTP_PROXY for http", "http://a.example", { HTTP_PROXY: proxy, HTTPS_PROXY: "http://other" }, proxy],
    ["lower case too", server, { https_proxy: proxy }, proxy],
    ["lower case first", server, { https_proxy: proxy, HTTPS_PROXY: "http://other" }, proxy],
    ["an empty variable is none", server, { https_proxy: "", HTTPS_PROXY: proxy }, proxy],
    ["without its http://", server, { HTTPS_PROXY: "proxy.example:3128" }, proxy],
    [
      "its credentials are not shown",
      server,
      { HTTPS_PROXY: "http://user:secret@proxy.example:3128" },
      proxy,
    ],
    ["a CGI's HTTP_PROXY is a header", "http://a", { HTTP_PROXY: proxy, REQUEST_METHOD: "GET" }, undefined],
    ["a CGI's http_proxy is not", "http://a", { http_proxy: proxy, REQUEST_METHOD: "GET" }, proxy],
  ])("%s", (_, target, env, expected) => {
    expect(proxyFor(target, env)?.name).toBe(expected);
  });

  test.each<[string, string, boolean]>([
    [server, "*", true],
    [server, "smithers.example.com", true],
    [server, "SMITHERS.EXAMPLE.COM", true],
    [server, "example.com", true],
    [server, ".example.com", true],
    [server, "*.example.com", true],
    [server, "other, example.com", true],
    [server, "other example.com", true],
    [server, "example.com:8443", true],
    [server, "example.com:443", false],
    [server, "ample.com", false],
    [server, "smithers.example.com.org", false],
    [server, "", false],
    [server, ",", false],
    ["https://example.com", "example.com:443", true],
    ["http://10.1.2.3:7331", "10.1.2.3", true],
    ["http://10.1.2.3:7331", "10.0.0.0/8", true],
    ["http://10.1.2.3:7331", "10.0.0.0/8:80", false],
    ["http://11.1.2.3:7331", "10.0.0.0/8", false],
    ["http://10.1.2.3:7331", "2.3", false],
    ["http://10.1.2.3:7331", "10.0.0.0/99, 10.0.0.0/x", false],
    ["http://[fd00::1]:7331", "[fd00::1]", true],
    ["http://[fd00::1]:7331", "[fd00::1]:7331", true],
    ["http://[fd00::1]:7331", "fd00::/8", true],
    ["http://[fd00::1]:7331", "fe00::/8", false],
  ])("is not used for %s with NO_PROXY=%s: %s", (target, NO_PROXY, exempt) => {
    expect(proxyFor(target, { http_proxy: proxy, https_proxy: proxy, NO_PROXY }) === undefined).toBe(exempt);
    expect(
      proxyFor(target, {
        http_proxy: proxy,
        https_proxy: proxy,
        no_proxy: NO_PROXY || " ",
        NO_PROXY: "*",
      }) === undefined,
    ).toBe(exempt);
  });

  test.each([
    ["http://localhost:7331", true],
    ["http://127.8.0.1:7331", true],
    ["http://0x7f.1:7331", true],
    ["http://[::1]:7331", true],
    ["http://app.localhost", true],
    ["http://127.0.0.1.example.com", false],
    ["http://notlocalhost", false],
    ["http://192.168.0.1", false],
  ])("is not used for %s if that is this machine (%s), except over https", (target, expected) => {
    expect(isThisMachine(new URL(target))).toBe(expected);
    const env = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
    expect(proxyFor(target, env) === undefined).toBe(expected);
    expect(proxyFor(target.replace("http:", "https:"), env)?.name).toBe(proxy);
  });

  test.each([
    ["http://user:secret@", "is not a URL"],
    ["http://user:%secret@proxy.example", "is not a URL"],
    ["socks5://user:secret@proxy.example", "a socks5:// proxy, which is not supported"],
  ])("%s is refused, and its password is not repeated", (HTTPS_PROXY, words) => {
    let message = "";
    try {
      proxyFor(server, { HTTPS_PROXY });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(words);
    expect(message).toContain("HTTPS_PROXY");
    expect(message).not.toContain("secret");
  });

  test("receives decoded credentials", () => {
    const { headers } = proxyFor(server, { HTTPS_PROXY: "http://user:p%40ss@proxy.example" }) ?? {};
    expect(headers).toEqual({ "Proxy-Authorization": `Basic ${btoa("user:p@ss")}` });
  });
});

test.each(["HTTP_PROXY", "http_proxy"])(
  "an error about an unusable %s names the variable and NO_PROXY",
  async (variable) => {
    for (const value of ["socks5://user:secret@proxy.example", "http://["]) {
      const result = await runMain(["ls"], {
        baseUrl: "http://smithers.test:7331",
        env: { [variable]: value },
        fetch: httpFetch({ [variable]: value }),
      });
      expect(result).toMatchObject({ stdout: "", exitCode: 4 });
      expect(result.stderr).toMatch(new RegExp(`^error: ${variable} `));
      expect(result.stderr).toMatch(
        new RegExp(`^next: +correct ${variable}, or name the server's host in NO_PROXY$`, "m"),
      );
      expect(result.stderr).not.toContain("secret");
    }
  },
);
