// What a program of a user takes from the package, each thing with the type that it has to have.
import {
  createClient,
  HttpError,
  isKnownEvent,
  reduceRun,
  emptyRunView,
  type Fetch,
  type Run,
  type RunView,
  type SmithersClient,
  type SmithersEvent,
} from "smithers-client";

const network: Fetch = globalThis.fetch;
const client: SmithersClient = createClient({ baseUrl: "http://127.0.0.1:7331", fetch: network });

export async function follow(): Promise<RunView> {
  const { runId } = await client.runWorkflow({ workflowPath: "./deploy.tsx", input: {} });
  let view = emptyRunView(runId);
  for await (const event of client.driveRun({
    runId,
    onApproval: ({ nodeId }) => (nodeId === "ship" ? "approve" : "wait"),
  })) {
    view = reduceRun(view, event);
    if (isKnownEvent(event) && event.type === "NodeStarted") event.attempt.toFixed();
  }
  const status: Run = await client.getStatus({ runId });
  return { ...view, status: status.status };
}

export function statusOf(error: unknown): number | undefined {
  return error instanceof HttpError ? error.status : undefined;
}

// @ts-expect-error a run has to be named
void client.getStatus({});
// @ts-expect-error there is no such decision
void client.driveRun({ runId: "r", onApproval: () => "perhaps" });

/** A newer server's events have types that this version does not know. */
export function fieldsOf(event: SmithersEvent): Record<string, unknown> | undefined {
  return (event.type as string) === "BrandNew" ? event : undefined;
}
