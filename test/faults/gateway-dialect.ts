import type { Call } from "./protocol-answers.js";
import { errorBody } from "./raw-server.js";
import type { ServedRun } from "./served-run.js";

/** A request as `startServer` would receive it. */
export interface PlainRequest {
  call: Call;
  path: string;
  body: Record<string, unknown> | undefined;
}

/** The headers of every response of a gateway. */
export const gatewayHeaders = { "x-smithers-api-version": "v1" };

/** Translates a request to a gateway. Returns `undefined` if a gateway has no such route. */
export function fromGateway(
  method: string,
  url: string,
  body: Record<string, unknown> = {},
): PlainRequest | undefined {
  const { pathname, search } = new URL(url, "http://gateway");
  const runOf = (id: unknown) => `/v1/runs/${String(id)}`;
  if (method === "POST" && pathname === "/v1/rpc/frames.list") {
    return { call: "getFrames", path: `${runOf(body["runId"])}/frames?limit=${String(body["limit"])}`, body };
  }
  const [, , api, kind, id, ...rest] = pathname.split("/");
  if (api !== "api") return undefined;
  const route = `${method} ${[kind, id === undefined ? "" : ":id", ...rest].join("/")}`;
  const path = `${runOf(id)}${search}`;
  switch (route) {
    case "GET runs/":
      return { call: "listRuns", path: `/v1/runs${search}`, body };
    case "POST runs/": {
      const { runId } = body["options"] as { runId: string };
      return { call: "runWorkflow", path: "/v1/runs", body: { runId, workflowPath: body["workflow"] } };
    }
    case "GET runs/:id":
      return { call: "getStatus", path, body };
    case "GET runs/:id/events":
      return { call: "events", path, body };
    case "GET runs/:id/node-states":
      return { call: "nodeStates", path, body };
    case "POST runs/:id/resume":
      return { call: "resume", path: "/v1/runs", body: { runId: id } };
    case "POST runs/:id/cancel":
      return { call: "cancel", path: `${runOf(id)}/cancel`, body };
    case "GET approvals/":
      return { call: "listApprovals", path: `/v1/approvals${search}`, body };
    case "POST approvals/:id": {
      const call = body["approved"] === true ? "approve" : "deny";
      return { call, path: `${runOf(body["runId"])}/nodes/${String(body["nodeId"])}/${call}`, body };
    }
    case "POST signals/":
      return {
        call: "sendSignal",
        path: `${runOf(body["runId"])}/signals/${String(body["signalName"])}`,
        body,
      };
    default:
      return undefined;
  }
}

/** Wraps a response of `startServer` in a gateway's envelope. */
export function toGateway(call: Call, status: number, answer: unknown): unknown {
  if (status !== 200) return { ok: false, ...(answer as object) };
  if (call === "getFrames") return { type: "res", ok: true, apiVersion: "v1", payload: answer };
  const data = call === "listApprovals" ? (answer as { approvals: unknown }).approvals : answer;
  return { ok: true, data };
}

/** Returns a page of a run's events. */
export function eventPage({ runId, events }: ServedRun, path: string): object[] {
  const { searchParams } = new URL(path, "http://gateway");
  const start = Number(searchParams.get("afterSeq") ?? -1) + 1;
  const end = start + Number(searchParams.get("limit") ?? 100);
  return events.slice(start, end).map((data, index) => {
    const payload = JSON.parse(data) as { type: string };
    return { runId, seq: start + index, event: payload.type, payload };
  });
}

/** Returns a gateway's refusal of a decision, or `undefined` if the gateway accepts it. */
export function refuseDecision(
  run: ServedRun,
  nodeId: string,
  iteration: number,
): { status: number; answer: unknown } | undefined {
  const before = run.decisionOf(nodeId, iteration);
  if (before === "open") return undefined;
  if (before === undefined) {
    return { status: 400, answer: errorBody("INVALID_INPUT", `Node ${nodeId} is not waiting for approval.`) };
  }
  const status = before === "approve" ? "approved" : "denied";
  const { error } = errorBody("AlreadyDecided", "Approval has already been decided");
  return { status: 409, answer: { error: { ...error, status } } };
}
