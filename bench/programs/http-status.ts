// A minimal program that asks for a run's status and prints it: `http-status <base URL> <run id>`.
import { get } from "node:http";

get(`${process.argv[2]}/v1/runs/${process.argv[3]}`, (response) => {
  let text = "";
  response.setEncoding("utf8");
  response.on("data", (part: string) => (text += part));
  response.on("end", () => process.stdout.write(`${JSON.stringify(JSON.parse(text))}\n`));
});
