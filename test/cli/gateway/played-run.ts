import { gatewayAnswer, recordedGateway } from "../../faults/recorded-gateway.js";
import type { RawServer } from "../../faults/raw-server.js";
import { runMain, type MainOptions } from "../run-main.js";
import type { CliResult } from "../run-cli.js";

type Fields = Record<string, unknown>;

/** A run as a gateway reports it; tests change it between requests. */
export interface PlayedRun {
  status: string;
  events: { type: string; [field: string]: unknown }[];
  approvals?: Fields[];
  runState?: Fields;
  workflowKey?: string;
}

export const runId = "run-1";

/** The time of the run's first event, in ms since 1970; the events are one second apart. */
export const startedAtMs = 1_795_614_171_000;

/** Responds to requests that change something, and changes the run accordingly. */
export type Posts = Readonly<Record<string, (body: Fields, run: PlayedRun) => Buffer | Fields>>;

/** A gateway with the run `run-1`: the test gives its status, events and approvals; the rest is recorded. */
export async function gatewayWith(run: PlayedRun, posts: Posts = {}): Promise<RawServer> {
  return recordedGateway(({ path, body }, route) => {
    const post = posts[route.replace("POST ", "")];
    if (route.startsWith("POST ") && post !== undefined) {
      const said = post(JSON.parse(body || "{}") as Fields, run);
      return Buffer.isBuffer(said) ? said : data(said);
    }
    const query = new URLSearchParams(path.replace(/^[^?]*\??/, ""));
    switch (route) {
      case `GET /v1/api/runs/${runId}`: {
        const { status, workflowKey = "deploy", runState = { state: status } } = run;
        return data({
          runId,
          workflowName: "deploy",
          workflowKey,
          status,
          startedAtMs,
          runState,
          summary: {},
        });
      }
      case `GET /v1/api/runs/${runId}/events`: {
        const after = Number(query.get("afterSeq") ?? -1);
        return data(pageOf(run).filter(({ seq }) => seq > after));
      }
      case "GET /v1/api/approvals":
        return data(run.approvals ?? []);
      case `GET /v1/api/runs/${runId}/node-states`:
        return data([]);
      default:
        return undefined;
    }
  });
}

/** A gateway's response with this content in its envelope. */
export const data = (content: unknown): Buffer => gatewayAnswer(200, { ok: true, data: content });

/** A gateway's error response; details are next to the code. */
export const refusal = (status: number, code: string, message: string, details: Fields = {}): Buffer =>
  gatewayAnswer(status, { ok: false, error: { version: "v1", code, message, ...details } });

function pageOf({ events }: PlayedRun) {
  return events.map(({ type, ...fields }, seq) => {
    const timestampMs = startedAtMs + seq * 1000;
    return {
      runId,
      seq,
      event: type,
      payload: { type, runId, iteration: 0, timestampMs, ...fields },
      timestampMs,
    };
  });
}

/** Runs a command line against the server, at a time shortly after the run's last event. */
export function on(
  server: RawServer,
  words: readonly string[],
  options: Partial<MainOptions> = {},
): Promise<CliResult> {
  return runMain(words, { baseUrl: server.baseUrl, now: () => startedAtMs + 60_000, ...options });
}

/** The requests that change something, with their bodies. */
export function changes({ requests }: RawServer): [path: string, body: unknown][] {
  return requests
    .filter(({ method, path }) => method === "POST" && !path.startsWith("/v1/rpc/"))
    .map(({ path, body }) => [path, body === "" ? undefined : JSON.parse(body)]);
}
