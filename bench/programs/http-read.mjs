// A bare loop that reads and drops what comes.
import { get } from "node:http";

get(`${process.env.SMITHERS_BASE_URL}/v1/runs/${process.argv[2]}/events`, async (response) => {
  let bytes = 0;
  for await (const chunk of response) bytes += chunk.length;
  process.stdout.write(`${bytes}\n`);
});
