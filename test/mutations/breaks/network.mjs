const retry = "src/client/http/retry.ts";
const request = "src/client/http/request.ts";
const failure = "src/client/http/describe-failure.ts";
const options = "src/client/options.ts";
const requests = "src/client/requests/runs.ts";
const fetch = "src/cli/network/http-fetch.ts";
const proxy = "src/cli/network/proxy.ts";
const ids = "src/client/server/ids.ts";
const retryTests = ["test/client/http/retry.test.ts"];
const failureTests = ["test/client/http/describe-failure.test.ts"];
const retryLimitTests = ["test/client/requests.test.ts > retries end after the given number"];
const startTests = ["test/client/requests.test.ts > starting a run exactly once"];
const lostAnswerTests = ["test/client/requests.test.ts > a lost response"];
const answerTests = ["test/client/server/answers.test.ts"];
const redirectTests = ["test/client/security.test.ts > a redirect is refused"];
const sizeTests = ["test/client/security.test.ts > oversized data .* a response"];
const proxyTests = ["test/cli/network/proxy.test.ts"];
const fetchTests = ["test/cli/network/http-fetch.test.ts > a keep-alive connection"];
const idTests = ["test/client/server/ids.test.ts"];

/** Nothing is sent twice, and nothing, least of all the key, to anybody else. */
export default [
  {
    rule: "a decision whose response was lost is not sent again",
    file: retry,
    from: "once: { lost: false,",
    to: "once: { lost: true,",
    tests: retryTests,
  },
  {
    rule: "a decision is not sent again after a gateway's error",
    file: retry,
    from: "once: { lost: false, statuses: new Set([429]) },",
    to: "once: { lost: false, statuses: new Set([429, 503]) },",
    tests: retryTests,
  },
  {
    rule: "a read is sent again after a 500",
    file: retry,
    from: "new Set([...throttledStatuses, ...gatewayStatuses, 500])",
    to: "new Set([...throttledStatuses, ...gatewayStatuses])",
    tests: retryTests,
  },
  {
    rule: "a start is not sent again after a 500, which means that the workflow cannot be loaded",
    file: retry,
    from: "repeatable: { lost: true, statuses: new Set([...throttledStatuses, ...gatewayStatuses]) },",
    to: "repeatable: { lost: true, statuses: new Set([...throttledStatuses, ...gatewayStatuses, 500]) },",
    tests: retryTests,
  },
  {
    rule: "a `Retry-After` of an hour is reported, not waited for",
    file: retry,
    from: "&& (error.retryAfterMs ?? 0) <= maxRetryAfterMs;",
    to: ";",
    tests: retryTests,
  },
  {
    rule: "changed numbering is not an outage",
    file: retry,
    from: "if (error instanceof PositionError) return false;",
    to: "",
    tests: retryTests,
  },
  {
    rule: "a proxy's page is an outage of a server that has worked before",
    file: retry,
    from: "|| isProxyPage(error)) return true;",
    to: ") return true;",
    tests: retryTests,
  },
  {
    rule: "a read is not repeated if its response is not from a Smithers server",
    file: retry,
    from: "return policy.lost && error.mayHaveBeenApplied;",
    to: "return policy.lost;",
    tests: retryTests,
  },
  {
    rule: "`Retry-After` is honored",
    file: retry,
    from: "if (error instanceof HttpError && error.retryAfterMs !== undefined) return error.retryAfterMs;",
    to: "",
    tests: retryTests,
  },
  {
    rule: "the pause between two attempts has a limit",
    file: retry,
    from: "Math.min(8000, 500 * 2 ** before)",
    to: "500 * 2 ** before",
    tests: retryTests,
  },
  {
    rule: "retries end after the given number",
    file: retry,
    from: "before >= options.retries) throw",
    to: "before > options.retries) throw",
    tests: retryLimitTests,
  },
  {
    rule: "a gateway's error for a decision says that it may have been applied",
    file: failure,
    from: 'method !== "GET" && isGatewayStatus(status)',
    to: "false",
    tests: failureTests,
  },
  {
    rule: "a run with a generated id that already exists was started by this call",
    file: requests,
    from: "if (args.runId === undefined) return { runId };",
    to: "",
    tests: startTests,
  },
  {
    rule: "a run with a given id that already exists may be someone else's",
    file: requests,
    from: "if (args.runId === undefined) return { runId };",
    to: "return { runId };",
    tests: startTests,
  },
  {
    rule: "a resume whose response was lost is sent again only if the run still waits",
    file: requests,
    from: 'return isResumableStatus(status) ? "retry" : { runId };',
    to: 'return "retry";',
    tests: lostAnswerTests,
  },
  {
    rule: "a 404 for a cancel means success only if the cancel was sent before",
    file: requests,
    from: "if (!isGone || !attempts.mayHaveBeenApplied) return undefined;",
    to: "if (!isGone) return undefined;",
    tests: lostAnswerTests,
  },
  {
    rule: "a redirect is never followed",
    file: request,
    from: 'redirect: "manual",',
    to: 'redirect: "follow",',
    tests: redirectTests,
  },
  {
    rule: "a redirect is not a success",
    file: request,
    from: "response.status <= 299) return open;",
    to: "response.status <= 399) return open;",
    tests: redirectTests,
  },
  {
    rule: "an oversized response is not read to its end",
    file: request,
    from: "if (bytes > limit) return",
    to: "if (false) return",
    tests: sizeTests,
  },
  {
    rule: "the target of a redirect is shown without the key",
    file: failure,
    from: "` to ${options.redact(target)}`",
    to: "` to ${target}`",
    tests: failureTests,
  },
  {
    rule: "a server's message is shown without the key",
    file: failure,
    from: "const text = options.redact(body.text);",
    to: "const text = body.text;",
    tests: failureTests,
  },
  {
    rule: "the cause of an error does not show the key",
    file: failure,
    from: "cause: mentionsKey(error, options) ? message : error,",
    to: "cause: error,",
    tests: failureTests,
  },
  {
    rule: "a response cannot claim one of the library's codes",
    file: failure,
    from: "&& !isOwnHttpCode(code) ? { code }",
    to: "? { code }",
    tests: failureTests,
  },
  {
    rule: "a base URL with a password in it is refused",
    file: options,
    from: 'if (url.username !== "" || url.password !== "") {',
    to: "if (false) {",
    tests: ["test/client/options.test.ts"],
  },
  {
    rule: "a base URL with a query in it is refused",
    file: options,
    from: 'if (url.search !== "" || url.hash !== "" || /[?#]/.test(text)) {',
    to: "if (false) {",
    tests: ["test/client/options.test.ts"],
  },
  {
    rule: "a key with a line break in it is refused",
    file: options,
    from: "if (at !== -1) {",
    to: "if (false) {",
    tests: ["test/client/options.test.ts"],
  },
  {
    rule: "the key is removed from a URL as well",
    file: options,
    from: '|${anyCase(inUrl.join(""))}`',
    to: "`",
    tests: ["test/client/options.test.ts"],
  },
  {
    rule: "a decision is not sent over a kept connection",
    file: fetch,
    from: 'await open(method === "GET")',
    to: "await open(true)",
    tests: fetchTests,
  },
  {
    rule: "a read whose kept connection was closed is sent again",
    file: fetch,
    from: "return answerTo(await open(false), body, signal);",
    to: "throw error;",
    tests: fetchTests,
  },
  {
    rule: "this machine is reached without a proxy",
    file: proxy,
    from: 'url.protocol === "http:" && isThisMachine(url)',
    to: "false",
    tests: proxyTests,
  },
  {
    rule: "NO_PROXY matches whole labels of a host name",
    file: proxy,
    from: "host.endsWith(`.${bare}`)",
    to: "host.endsWith(bare)",
    tests: proxyTests,
  },
  {
    rule: "HTTP_PROXY is ignored in a CGI program, where any client can set it",
    file: proxy,
    from: ' || (variable === "HTTP_PROXY" && env["REQUEST_METHOD"] !== undefined)',
    to: "",
    tests: proxyTests,
  },
  {
    rule: "sending the key over plain http to another machine prints a warning",
    file: "src/cli/network/warn-on-plain-http.ts",
    from: '!warned && protocol === "http:" && !isThisMachine(new URL(url))',
    to: "false",
    tests: ["test/cli/network/warn-on-plain-http.test.ts"],
  },
  {
    rule: "two clocks that may agree count as equal",
    file: "src/cli/network/server-clock.ts",
    from: "return min > 0 ? min : max < 0 ? max : 0;",
    to: "return min;",
    tests: ["test/cli/network/server-clock.test.ts"],
  },
  {
    rule: "the server's clock is used, not the local one",
    file: "src/cli/network/server-clock.ts",
    from: "now: () => now() + offsetMs,",
    to: "now,",
    tests: ["test/cli/network/server-clock.test.ts"],
  },
  {
    rule: "an id cannot address another path",
    file: ids,
    from: 'if (id === "." || id === "..") { throw',
    to: "if (false) { throw",
    tests: idTests,
  },
  {
    rule: "a run that no call could reach is not started",
    file: ids,
    from: "if (found === undefined) return undefined;",
    to: "return undefined;",
    tests: idTests,
  },
  {
    rule: "a decision about a node whose id a URL has to encode is not sent",
    file: ids,
    from: "if (encoded === id) return id;",
    to: "return encoded;",
    tests: idTests,
  },
  {
    rule: "the shape of a response is checked",
    file: "src/client/server/answers.ts",
    from: "if (isValid(fields[name])) return;",
    to: "return;",
    tests: answerTests,
  },
  {
    rule: "the server of one run gets no requests about other runs",
    file: "src/client/server/single-run-server.ts",
    from: "if (runId === ownRunId) return path;",
    to: "return path;",
    tests: ["test/client/server/detect-server.test.ts > the server of one run"],
  },
];
