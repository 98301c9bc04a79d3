import { defaultBaseUrl, type Fetch } from "../../src/client/index.js";
import { runMain } from "./run-main.js";

/** Executes a command line with a server that takes everything, and gives what it was sent. */
export async function sendWords(
  words: readonly string[],
  { cwd, stdin = "", status = "running" }: { cwd: string; stdin?: string | Uint8Array; status?: string },
) {
  const sent: unknown[] = [];
  const fetch: Fetch = async (_, { body }) => {
    if (body !== undefined) sent.push(JSON.parse(body));
    return new Response(JSON.stringify({ runId: "r", status }));
  };
  const input = {
    isTTY: false,
    bytes: async () => Buffer.from(stdin),
    question: async () => undefined,
    listen: () => {},
  };
  const result = await runMain(words, { baseUrl: defaultBaseUrl, stdin: input, cwd, fetch });
  return { ...result, sent };
}
