import { ProtocolError } from "../errors/protocol-error.js";
import type { ApprovalRow, Frame, RunReference, RunRow, Run, SignalReceipt } from "../results.js";

type Fields = Record<string, unknown>;

// Checks that a server's answers have the shape that the library promises. Fields that nobody declared are kept.

/** The answer to a call that starts, decides, resumes or cancels. */
export function toRunReference(answer: unknown, runId: string): RunReference {
  const fields = expectObject(answer, "the answer", { mayHaveBeenApplied: true });
  return typeof fields["runId"] === "string" ? (fields as RunReference) : { ...fields, runId };
}

export function toSignalReceipt(answer: unknown): SignalReceipt {
  return expectObject(answer, "the answer", { mayHaveBeenApplied: true }) as SignalReceipt;
}

/** The answer about where a run stands. */
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
  const { approvals } = expectObject(answer, "the list of approvals");
  const shape = { runId: isText, nodeId: isText, iteration: isNumber, requestedAtMs: isTimeOrMissing };
  return expectRows(approvals, "the list of approvals", shape) as ApprovalRow[];
}

function expectObject(answer: unknown, what: string, fields: { mayHaveBeenApplied?: boolean } = {}): Fields {
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
  throw new ProtocolError(`the server's answer has no valid "${name}" in it; is this a Smithers server?`);
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
