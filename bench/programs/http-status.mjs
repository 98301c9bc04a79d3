// The least that asks for a run's status: `node:http`, no checks.
import { get } from "node:http";

get(`${process.env.SMITHERS_BASE_URL}/v1/runs/bench`, (response) => {
  let text = "";
  response.setEncoding("utf8");
  response.on("data", (part) => (text += part));
  response.on("end", () => process.stdout.write(`${JSON.stringify(JSON.parse(text))}\n`));
});
