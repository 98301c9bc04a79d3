import { defaultBaseUrl, type Fetch } from "../../src/client/index.js";
import { runMain } from "./run-main.js";

/** Runs a command line against a server that accepts everything, and returns what was sent to it. */
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
