// The least that starts a run: `node:http`, no checks.
import { request } from "node:http";

const call = request(
  `${process.env.SMITHERS_BASE_URL}/v1/runs`,
  { method: "POST", headers: { "Content-Type": "application/json" } },
  (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part) => (text += part));
    response.on("end", () => process.stdout.write(`${JSON.parse(text).runId}\n`));
  },
);
call.end(JSON.stringify({ workflowPath: "deploy.tsx", input: {} }));
