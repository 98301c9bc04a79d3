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
const retryLimitTests = ["test/client/requests.test.ts > which failures .* it ends after so many retries"];
const startTests = ["test/client/requests.test.ts > starting a run exactly once"];
const lostAnswerTests = ["test/client/requests.test.ts > a lost answer"];
const answerTests = ["test/client/server/answers.test.ts"];
const redirectTests = ["test/client/security.test.ts > a redirect is refused"];
const sizeTests = ["test/client/security.test.ts > what is too large .* an answer"];
const proxyTests = ["test/cli/network/proxy.test.ts"];
const fetchTests = ["test/cli/network/http-fetch.test.ts > a kept connection"];
const idTests = ["test/client/server/ids.test.ts"];

/** Nothing is sent twice, and nothing, least of all the key, to anybody else. */
export default [
  {
    rule: "a decision whose answer was lost is not sent again",
    file: retry,
    from: "once: { lost: false,",
    to: "once: { lost: true,",
    tests: retryTests,
  },
  {
    rule: "a decision is not sent again after a gateway's answer",
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
    rule: "a start is not sent again after a 500, which says that the workflow cannot be loaded",
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
    rule: "a numbering that moved does not pass by itself",
    file: retry,
    from: "if (error instanceof PositionError) return false;",
    to: "",
    tests: retryTests,
  },
  {
    rule: "a page of a proxy is an outage of a server that was seen working",
    file: retry,
    from: "|| isProxyPage(error)) return true;",
    to: ") return true;",
    tests: retryTests,
  },
  {
    rule: "a read whose answer is no Smithers server's is not repeated",
    file: retry,
    from: "return policy.lost && error.mayHaveBeenApplied;",
    to: "return policy.lost;",
    tests: retryTests,
  },
  {
    rule: "`Retry-After` is kept to",
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
    rule: "it ends after so many retries",
    file: retry,
    from: "before >= options.retries) throw",
    to: "before > options.retries) throw",
    tests: retryLimitTests,
  },
  {
    rule: "a gateway's answer to a decision says that it may have been applied",
    file: failure,
    from: 'method !== "GET" && isGatewayStatus(status)',
    to: "false",
    tests: failureTests,
  },
  {
    rule: "a run whose id was made up here and exists already was started by this very call",
    file: requests,
    from: "if (args.runId === undefined) return { runId };",
    to: "",
    tests: startTests,
  },
  {
    rule: "a run whose id was given and exists already may be somebody else's",
    file: requests,
    from: "if (args.runId === undefined) return { runId };",
    to: "return { runId };",
    tests: startTests,
  },
  {
    rule: "a resume whose answer was lost is sent again only if the run still waits",
    file: requests,
    from: 'return isResumableStatus(status) ? "retry" : { runId };',
    to: 'return "retry";',
    tests: lostAnswerTests,
  },
  {
    rule: "a cancel that is not found is one that worked only if it was sent before",
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
    rule: "a redirect is no success",
    file: request,
    from: "response.status <= 299) return open;",
    to: "response.status <= 399) return open;",
    tests: redirectTests,
  },
  {
    rule: "an answer that is too large is not read to its end",
    file: request,
    from: "if (bytes > limit) return",
    to: "if (false) return",
    tests: sizeTests,
  },
  {
    rule: "where a redirect points is shown without the key",
    file: failure,
    from: "` to ${options.redact(target)}`",
    to: "` to ${target}`",
    tests: failureTests,
  },
  {
    rule: "what a server says is shown without the key",
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
    rule: "an answer from outside cannot claim a code of ours",
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
    rule: "NO_PROXY names a host, not the end of a name",
    file: proxy,
    from: "host.endsWith(`.${bare}`)",
    to: "host.endsWith(bare)",
    tests: proxyTests,
  },
  {
    rule: "a CGI program's HTTP_PROXY, which anybody can send, is not taken",
    file: proxy,
    from: ' || (variable === "HTTP_PROXY" && env["REQUEST_METHOD"] !== undefined)',
    to: "",
    tests: proxyTests,
  },
  {
    rule: "the key over plain http to another machine is warned about",
    file: "src/cli/network/warn-on-plain-http.ts",
    from: '!warned && protocol === "http:" && !isThisMachine(new URL(url))',
    to: "false",
    tests: ["test/cli/network/warn-on-plain-http.test.ts"],
  },
  {
    rule: "two clocks that may agree do",
    file: "src/cli/network/server-clock.ts",
    from: "return min > 0 ? min : max < 0 ? max : 0;",
    to: "return min;",
    tests: ["test/cli/network/server-clock.test.ts"],
  },
  {
    rule: "the server's clock counts, not ours",
    file: "src/cli/network/server-clock.ts",
    from: "now: () => now() + offsetMs,",
    to: "now,",
    tests: ["test/cli/network/server-clock.test.ts"],
  },
  {
    rule: "an id cannot name another place in the path",
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
    rule: "a decision about a node whose id a URL changes is not sent",
    file: ids,
    from: "if (encoded === id) return id;",
    to: "return encoded;",
    tests: idTests,
  },
  {
    rule: "the shape of an answer is checked",
    file: "src/client/server/answers.ts",
    from: "if (isValid(fields[name])) return;",
    to: "return;",
    tests: answerTests,
  },
  {
    rule: "the run id of another run's server is not asked about there",
    file: "src/client/server/single-run-server.ts",
    from: "if (runId === ownRunId) return path;",
    to: "return path;",
    tests: ["test/client/server/detect-server.test.ts > the server of one run"],
  },
];
