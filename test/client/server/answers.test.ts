import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../../src/client/errors/protocol-error.js";
import {
  toApprovalRows,
  toFrames,
  toRunReference,
  toRunRows,
  toRunStatus,
  toSignalReceipt,
  toEventMessages,
  toNodeOutput,
  toWorkflowRows,
} from "../../../src/client/server/answers.js";

const run = {
  runId: "r",
  workflowName: "w",
  status: "running",
  startedAtMs: 1,
  finishedAtMs: null,
  summary: {},
};
const approval = { runId: "r", nodeId: "n", iteration: 0, requestedAtMs: 1 };

describe("a response", () => {
  test.each([
    ["a run", () => toRunStatus(run, "r"), run],
    [
      "a run that says no more",
      () => toRunStatus({ status: "new" }, "r"),
      { ...run, workflowName: "", status: "new", startedAtMs: null },
    ],
    [
      "a run with fields of a newer server",
      () => toRunStatus({ ...run, more: [1] }, "r"),
      { ...run, more: [1] },
    ],
    ["runs", () => toRunRows([run, { runId: "s", status: "x" }]), [run, { runId: "s", status: "x" }]],
    ["no runs", () => toRunRows([]), []],
    ["frames", () => toFrames([{ frameNo: 1 }]), [{ frameNo: 1 }]],
    ["approvals", () => toApprovalRows([approval]), [approval]],
    ["a run that was started", () => toRunReference({ runId: "s" }, "r"), { runId: "s" }],
    ["a run that was started without its id", () => toRunReference({}, "r"), { runId: "r" }],
    ["an output", () => toNodeOutput({ status: "pending" }), { status: "pending", row: null, schema: null }],
    ["workflows", () => toWorkflowRows([{ key: "a", hasUi: false }]), [{ key: "a", hasUi: false }]],
    [
      "a page of events",
      () => toEventMessages([{ seq: 3, payload: { a: 1 } }]),
      [{ id: 3, data: '{"a":1}' }],
    ],
    ["a signal's receipt", () => toSignalReceipt({ seq: 0 }), { seq: 0 }],
  ])("with %s is accepted", (_, take, taken) => expect(take()).toEqual(taken));

  test.each<[string, () => unknown]>([
    ["a list for a run", () => toRunStatus([run], "r")],
    ["null for a run", () => toRunStatus(null, "r")],
    ["a run without a status", () => toRunStatus({ runId: "r" }, "r")],
    ["a run whose status is a number", () => toRunStatus({ status: 1 }, "r")],
    ["a run whose id is a number", () => toRunStatus({ ...run, runId: 1 }, "r")],
    ["a run whose times are texts", () => toRunStatus({ ...run, finishedAtMs: "now" }, "r")],
    ["a run whose summary is a list", () => toRunStatus({ ...run, summary: [] }, "r")],
    ["a run whose counts are texts", () => toRunStatus({ ...run, summary: { finished: "1" } }, "r")],
    ["a run whose state is a text", () => toRunStatus({ ...run, runState: "running" }, "r")],
    [
      "a run that is blocked by nothing",
      () => toRunStatus({ ...run, runState: { state: "x", blocked: {} } }, "r"),
    ],
    ["an object for runs", () => toRunRows({ runs: [] })],
    ["a run without an id among runs", () => toRunRows([run, { status: "x" }])],
    ["a text among runs", () => toRunRows(["r"])],
    ["a frame without a number", () => toFrames([{}])],
    ["an object for approvals", () => toApprovalRows({ approvals: [approval] })],
    ["an approval without a turn", () => toApprovalRows([{ ...approval, iteration: "0" }])],
    ["an approval without a node", () => toApprovalRows([{ ...approval, nodeId: null }])],
    ["an output without a status", () => toNodeOutput({ row: {} })],
    ["an output whose row is a text", () => toNodeOutput({ status: "produced", row: "1" })],
    ["a workflow without a key", () => toWorkflowRows([{ name: "a" }])],
    ["an event without a number", () => toEventMessages([{ payload: {} }])],
    ["an event whose payload is a text", () => toEventMessages([{ seq: 0, payload: "{}" }])],
    ["a text for a receipt", () => toSignalReceipt("ok")],
    ["a list for a reference", () => toRunReference([], "r")],
  ])("with %s is refused", (_, take) => expect(take).toThrow(ProtocolError));

  test("that is unusable means that a call which changes something may have been applied", () => {
    expect(() => toRunReference("ok", "r")).toThrow(expect.objectContaining({ mayHaveBeenApplied: true }));
    expect(() => toRunStatus("ok", "r")).toThrow(expect.objectContaining({ mayHaveBeenApplied: false }));
  });
});
