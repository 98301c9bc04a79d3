// What most programs do to start a run.
const response = await fetch(`${process.env.SMITHERS_BASE_URL}/v1/runs`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ workflowPath: "deploy.tsx", input: {} }),
});
process.stdout.write(`${(await response.json()).runId}\n`);
