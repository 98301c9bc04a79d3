import { ProtocolError } from "../errors/protocol-error.js";
import type {
  ApprovalRow,
  Frame,
  NodeOutput,
  Run,
  RunReference,
  RunRow,
  SignalReceipt,
  WorkflowRow,
} from "../results.js";
import type { EventMessage } from "./event-decoder.js";

type Fields = Record<string, unknown>;

// These functions check that a server's answers have the shape that the library promises. Undeclared fields are kept.

/** Checks the answer to a call that changes a run, such as a start or a decision. */
export function toRunReference(answer: unknown, runId: string): RunReference {
  const fields = expectObject(answer, "the answer", { mayHaveBeenApplied: true });
  return typeof fields["runId"] === "string" ? (fields as RunReference) : { ...fields, runId };
}

export function toSignalReceipt(answer: unknown): SignalReceipt {
  return expectObject(answer, "the answer", { mayHaveBeenApplied: true }) as SignalReceipt;
}

/** Checks the answer with a run's status, and fills in the fields that are missing. */
export function toRunStatus(answer: unknown, runId: string): Run {
  const fields = expectObject(answer, "the run's status");
  expectField(fields, "status", isText);
  for (const name of ["runId", "workflowName"]) expectField(fields, name, isTextOrMissing);
  for (const name of ["startedAtMs", "finishedAtMs"]) expectField(fields, name, isTimeOrMissing);
  expectField(fields, "summary", isCountsOrMissing);
  expectField(fields, "runState", isStateOrMissing);
  const defaults: Fields = { runId, workflowName: "", startedAtMs: null, finishedAtMs: null, summary: {} };
  const missing = Object.entries(defaults).filter(([name]) => isMissing(fields[name]));
  return { ...fields, ...Object.fromEntries(missing) } as Run;
}

export function toRunRows(answer: unknown): RunRow[] {
  return expectRows(answer, "the list of runs", { runId: isText, status: isText }) as RunRow[];
}

export function toFrames(answer: unknown): Frame[] {
  return expectRows(answer, "the list of frames", { frameNo: isNumber }) as Frame[];
}

export function toApprovalRows(answer: unknown): ApprovalRow[] {
  const shape = { runId: isText, nodeId: isText, iteration: isNumber, requestedAtMs: isTimeOrMissing };
  return expectRows(answer, "the list of approvals", shape) as ApprovalRow[];
}

export function toNodeOutput(answer: unknown): NodeOutput {
  const fields = expectObject(answer, "the output");
  expectField(fields, "status", isText);
  for (const name of ["row", "schema"]) {
    expectField(fields, name, (value) => isMissing(value) || isObject(value));
  }
  return { row: null, schema: null, ...fields } as NodeOutput;
}

export function toWorkflowRows(answer: unknown): WorkflowRow[] {
  return expectRows(answer, "the list of workflows", { key: isText }) as WorkflowRow[];
}

/** Checks a page of events, and converts each event to the text that a stream would send. */
export function toEventMessages(answer: unknown): EventMessage[] {
  const rows = expectRows(answer, "the page of events", { seq: isNumber, payload: isObject });
  return rows.map(({ seq, payload }) => ({ id: seq as number, data: JSON.stringify(payload) }));
}

/** Checks a run's list of nodes, and returns the nodes that wait for an approval. */
export function toNodesAtApproval(answer: unknown): { nodeId: string; iteration: number; label: unknown }[] {
  const shape = { nodeId: isText, iteration: isNumber, state: isText };
  const rows = expectRows(answer, "the list of nodes", shape);
  return rows.filter(({ state }) => state === "waiting-approval") as ReturnType<typeof toNodesAtApproval>;
}

export function expectObject(
  answer: unknown,
  what: string,
  fields: { mayHaveBeenApplied?: boolean } = {},
): Fields {
  if (isObject(answer)) return answer;
  throw new ProtocolError(`${what} is not a JSON object; is this a Smithers server?`, fields);
}

function expectRows(
  answer: unknown,
  what: string,
  shape: Record<string, (value: unknown) => boolean>,
): Fields[] {
  if (!Array.isArray(answer)) {
    throw new ProtocolError(`${what} is not a JSON array; is this a Smithers server?`);
  }
  return answer.map((row: unknown) => {
    const fields = expectObject(row, `a row of ${what}`);
    for (const [name, isValid] of Object.entries(shape)) expectField(fields, name, isValid);
    return fields;
  });
}

function expectField(fields: Fields, name: string, isValid: (value: unknown) => boolean): void {
  if (isValid(fields[name])) return;
  throw new ProtocolError(
    `the server's answer does not contain a valid "${name}"; is this a Smithers server?`,
  );
}

const isText = (value: unknown) => typeof value === "string";
const isNumber = (value: unknown) => typeof value === "number";
const isMissing = (value: unknown) => value === undefined || value === null;
const isTextOrMissing = (value: unknown) => isMissing(value) || isText(value);
const isTimeOrMissing = (value: unknown) => isMissing(value) || isNumber(value);

function isCountsOrMissing(value: unknown): boolean {
  return isMissing(value) || (isObject(value) && Object.values(value).every(isNumber));
}

function isStateOrMissing(value: unknown): boolean {
  if (isMissing(value)) return true;
  if (!isObject(value) || !isText(value["state"])) return false;
  const blocked = value["blocked"];
  return isMissing(blocked) || (isObject(blocked) && isText(blocked["kind"]));
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
