// A bare pipe from the server to stdout, frames and all.
import { get } from "node:http";

get(`${process.env.SMITHERS_BASE_URL}/v1/runs/${process.argv[2]}/events`, (response) => {
  response.pipe(process.stdout);
});
