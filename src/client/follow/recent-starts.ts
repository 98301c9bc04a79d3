/** How long after its start a run may still be missing on the server, in ms. */
const graceMs = 2000;

/** When this process started each run, by server and run id; only the last few seconds are kept. */
const startedAt = new Map<string, number>();

/** Records that a server has just accepted a run. 0.5.0 stores the run a moment after it has answered. */
export function noteStart(baseUrl: string, runId: string): void {
  const now = performance.now();
  for (const [key, at] of startedAt) {
    if (now - at > graceMs) startedAt.delete(key);
  }
  startedAt.set(`${baseUrl} ${runId}`, now);
}

/** Whether the server may not have stored the run yet, so that a 404 proves nothing. */
export function startedRecently(baseUrl: string, runId: string): boolean {
  const at = startedAt.get(`${baseUrl} ${runId}`);
  return at !== undefined && performance.now() - at <= graceMs;
}
